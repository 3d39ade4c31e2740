import type {Terminal} from './terminal.ts'

/** How far a job is, as the streams of all lenses say it. */
interface ProgressEvent {
  readonly phase: keyof typeof PHASE_WORDS
  readonly done: number
  readonly total: number
  readonly secondsLeft: number | null
}

const PHASE_WORDS = {
  loading: 'Loading',
  tokenizing: 'Cutting the text',
  classifying: 'Classifying entries',
  reaching: 'Encoding every entry',
  prompt: 'Reading the prompt',
  generating: 'Generating',
  reading: 'Reading the graph',
  hashing: 'Hashing the files',
  verifying: 'Verifying',
  capturing: 'Capturing',
  sampling: 'Sampling',
  attributing: 'Attributing',
  contrasting: 'Contrasting',
  checking: 'Checking',
  counting: 'Counting',
  writing: 'Writing',
  growing: 'Growing the tree',
  drafting: 'Drafting and verifying',
  items: 'Items',
} as const

/** Shows progress on standard error: one line that is rewritten, JSON lines, or nothing. */
export function progressReporter(terminal: Terminal, kind: 'json' | 'none' | 'line') {
  let hasLine = false
  return {
    show({phase, done, total, secondsLeft}: ProgressEvent) {
      if (kind === 'json') {
        terminal.printError(`${JSON.stringify({phase, done, total, secondsLeft})}\n`)
      } else if (kind === 'line' && terminal.isErrorTty) {
        const share = total > 0 ? ` ${Math.floor((100 * done) / total)} %` : ''
        const left = secondsLeft === null ? '' : `, at most ${Math.ceil(secondsLeft)} s left`
        terminal.printError(`\r\u001b[K${PHASE_WORDS[phase]}${share}${left}`)
        hasLine = true
      }
    },
    /** Takes the line away again. */
    end() {
      if (hasLine) terminal.printError('\r\u001b[K')
      hasLine = false
    },
  }
}
