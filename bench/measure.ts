import {performance} from 'node:perf_hooks'

/** One figure of a bench: ours beside the bare thing, measured in turns within one run. */
export interface Ratio {
  readonly bench: string
  readonly what: string
  readonly ours: number
  readonly bare: number
  readonly unit: string
  /** ours ÷ bare */
  readonly ratio: number
  /** What the project set itself, in words, and whether this run met it; null where there is none. */
  readonly goal: string | null
  readonly isMet: boolean | null
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** The value that a share of all values does not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]!
}

/** Milliseconds that one call takes. */
export async function timeMs(run: () => unknown): Promise<number> {
  const start = performance.now()
  await run()
  return performance.now() - start
}

/**
 * Times two things in turns, so that a slow spell of the machine hits both; the first `warmups`
 * turns are thrown away. The order within a turn alternates; `before` is called ahead of each run, and not timed.
 * Returns the medians in milliseconds.
 */
export async function timeInTurns(
  ours: () => unknown,
  bare: () => unknown,
  {turns, warmups = 1, before}: {turns: number; warmups?: number; before?: () => void}
): Promise<{oursMs: number; bareMs: number}> {
  const oursMs: number[] = []
  const bareMs: number[] = []
  for (let turn = -warmups; turn < turns; turn++) {
    const first = turn % 2 === 0 ? ours : bare
    const second = turn % 2 === 0 ? bare : ours
    before?.()
    const a = await timeMs(first)
    before?.()
    const b = await timeMs(second)
    if (turn < 0) continue
    oursMs.push(turn % 2 === 0 ? a : b)
    bareMs.push(turn % 2 === 0 ? b : a)
  }
  return {oursMs: median(oursMs), bareMs: median(bareMs)}
}

function number(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toFixed(digits)
}

/** The figures as a Markdown table. */
export function tableOf(rows: readonly Ratio[]): string {
  const lines = [
    '| bench | what | ours | bare | ratio | goal | met |',
    '|---|---|---:|---:|---:|---|---|',
  ]
  for (const row of rows) {
    const met = row.isMet === null ? '' : row.isMet ? 'yes' : 'no'
    lines.push(
      `| ${row.bench} | ${row.what} | ${number(row.ours)} ${row.unit} | ${number(row.bare)} ${row.unit} | ${row.ratio.toFixed(2)} | ${row.goal ?? ''} | ${met} |`
    )
  }
  return lines.join('\n')
}
