import {type Problem, ProblemError} from '../../shared/domain/problem.ts'
import {
  MOST_LIST_BYTES,
  type ParseChoices,
  type ParsedList,
  type ParsedRow,
  type ParsedSummary,
} from '../../shared/prompts/parsed-list.ts'

export type ParseQuestion =
  | {readonly kind: 'open'; readonly content: string | Blob; readonly name: string}
  | {readonly kind: 'parse'; readonly id: number; readonly choices: ParseChoices}

export type ParseAnswer =
  | {readonly kind: 'rows'; readonly id: number; readonly rows: readonly ParsedRow[]}
  | {readonly kind: 'done'; readonly id: number; readonly summary: ParsedSummary}
  | {readonly kind: 'failed'; readonly id: number; readonly text: string}

/** A source of prompts that is read in a worker, as often as the way of reading it changes. */
export interface ListReader {
  readonly name: string
  /** Rejects with a Problem where the source cannot be read at all. */
  parse(choices: ParseChoices): Promise<ParsedList>
  close(): void
}

/** Takes a pasted text or a file. Throws a Problem for one that is too large to be read. */
export function openListSource(content: string | File, name: string): ListReader {
  const size = typeof content === 'string' ? content.length : content.size
  if (size > MOST_LIST_BYTES) throw new ProblemError(tooLarge(name, size))
  const worker = new Worker(new URL('./parse-list-thread.ts', import.meta.url), {type: 'module'})
  let idCount = 0
  let waiting: {
    readonly id: number
    readonly rows: ParsedRow[]
    readonly resolve: (list: ParsedList) => void
    readonly reject: (error: Error) => void
  } | null = null
  const fail = (text: string) => waiting?.reject(new ProblemError(unreadable(name, text)))
  worker.onmessage = ({data}: MessageEvent<ParseAnswer>) => {
    if (!waiting || data.id !== waiting.id) return
    if (data.kind === 'rows') for (const row of data.rows) waiting.rows.push(row)
    else if (data.kind === 'done') waiting.resolve({...data.summary, rows: waiting.rows})
    else fail(data.text)
  }
  worker.onerror = (event) => fail(event.message)
  const say = (question: ParseQuestion) => worker.postMessage(question)
  say({kind: 'open', content, name})
  return {
    name,
    parse: (choices) =>
      new Promise((resolve, reject) => {
        // An answer to an earlier question is not waited for any more.
        waiting = {id: ++idCount, rows: [], resolve, reject}
        say({kind: 'parse', id: idCount, choices})
      }),
    close: () => worker.terminate(),
  }
}

function tooLarge(name: string, size: number): Problem {
  return {
    code: 'prompt-list-too-large',
    message: 'The prompt list is too large to be read.',
    file: name,
    found: `${(size / 1e6).toFixed(1)} MB`,
    expected: `at most ${MOST_LIST_BYTES / 1e6} MB`,
    advice: 'Cut it into several files and run one after the other.',
  }
}

function unreadable(name: string, text: string): Problem {
  return {
    code: 'prompt-list-unreadable',
    message: 'The prompt list cannot be read.',
    file: name,
    found: text,
    expected: 'a text file',
    advice: 'Check that the file is still there and may be read, then choose it again.',
  }
}
