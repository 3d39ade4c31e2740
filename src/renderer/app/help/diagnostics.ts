import type {LogLine} from '../../../shared/contract/contract.ts'
import {selectLoaded} from '../../store/models.ts'
import type {WorkbenchState} from '../../store/state.ts'

/** What the page knows of where it runs. */
export interface PageFacts {
  readonly userAgent: string
  readonly widthPx: number
  readonly heightPx: number
  readonly pixelRatio: number
  readonly isDesktop: boolean
}

export interface TaggedLine extends LogLine {
  readonly from: 'engine' | 'page'
}

const MOST_LINES = 200

/** `2026-01-31 12:04:05.123`, the same in every place of the world. */
const timeText = (at: number): string =>
  new Date(at).toISOString().replace('T', ' ').replace('Z', '')

/**
 * What to send with a report: versions, platform, models and their sizes, the last lines of the log. No
 * text of a prompt, of a completion or of a label is in it; runs are counted.
 */
export function diagnosticsText(
  state: WorkbenchState,
  lines: readonly TaggedLine[],
  page: PageFacts
): string {
  const {status, preferences} = state
  const phases = Object.values(state.runStates).map(({phase}) => phase.kind)
  const counted = [...new Set(phases)].map(
    (kind) => `${phases.filter((other) => other === kind).length} ${kind}`
  )
  const models = state.listings.map((listing) => {
    const loaded = selectLoaded(state, listing.path)
    const isLoaded = loaded ? `, loaded as ${loaded.dtype}, ${loaded.memoryBytes} bytes` : ''
    return `  ${listing.id} (${listing.source}, ${listing.kind}): ${listing.bytes} bytes${isLoaded}`
  })
  return [
    'Tokenscope diagnostics. Prompts and completions are not in it.',
    `versions: ${status ? `tokenscope ${status.versions.tokenscope}, onnxruntime ${status.versions.onnxruntime}, schema ${status.versions.schema}` : 'no engine'}`,
    `page: ${page.isDesktop ? 'desktop' : 'browser'}, ${page.userAgent}`,
    `window: ${page.widthPx} × ${page.heightPx} px at ${page.pixelRatio}`,
    `engine: ${state.connection}${status ? `, start ${status.startCount}, ${status.threads} threads, ${status.usedMemoryBytes} of ${status.maxMemoryBytes} bytes kept, ${status.runningCount} running` : ''}`,
    `preferences: ${JSON.stringify(preferences)}`,
    `panes: ${state.panes.map(({lensId, view}) => lensId + (view ? `/${view}` : '')).join(', ')}`,
    `runs: ${state.runs.length}${counted.length > 0 ? ` (${counted.join(', ')})` : ''}`,
    `models: ${models.length}`,
    ...models,
    `log, last ${Math.min(MOST_LINES, lines.length)} of ${lines.length} lines:`,
    ...lines
      .slice(-MOST_LINES)
      .map(({at, level, from, text}) => `  ${timeText(at)} ${level} ${from} ${text}`),
    '',
  ].join('\n')
}
