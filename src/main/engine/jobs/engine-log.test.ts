import {describe, expect, it} from 'vitest'
import type {LogLine} from '../../../shared/contract/contract.ts'
import {EngineLog, MAX_LOG_LINES} from './engine-log.ts'

/** Reads batches until there have been so many lines. */
async function linesOf(
  log: EngineLog,
  count: number
): Promise<{lines: LogLine[]; batches: number}> {
  const controller = new AbortController()
  const lines: LogLine[] = []
  let batches = 0
  for await (const batch of log.watch(controller.signal)) {
    lines.push(...batch)
    batches++
    if (lines.length >= count) controller.abort()
  }
  return {lines, batches}
}

describe('the log of the engine', () => {
  it('gives what there is, then what is added, gathered', async () => {
    const log = new EngineLog()
    log.info('first')
    const reading = linesOf(log, 102)
    await new Promise((resolve) => setTimeout(resolve, 5))
    log.warning('second')
    for (let i = 0; i < 100; i++) log.error(String(i))
    const {lines, batches} = await reading
    expect(lines.map(({level, text}) => `${level} ${text}`)).toEqual([
      'info first',
      'warning second',
      ...Array.from({length: 100}, (_, i) => `error ${i}`),
    ])
    expect(batches).toBe(2)
    expect(lines.every(({at}) => at > 1.7e12)).toBe(true)
  })

  it('keeps the last lines, and gives nobody a line twice', async () => {
    const log = new EngineLog()
    for (let i = 0; i < MAX_LOG_LINES + 50; i++) log.info(String(i))
    const {lines} = await linesOf(log, 1)
    expect(lines.length).toBe(MAX_LOG_LINES)
    expect(lines[0]!.text).toBe('50')
    // A reader that falls behind by more than is kept gets what is left.
    const slow = log.watch()
    await slow.next()
    for (let i = 0; i < MAX_LOG_LINES + 7; i++) log.info(`more ${i}`)
    const next = (await slow.next()).value as LogLine[]
    expect([next.length, next[0]!.text]).toEqual([MAX_LOG_LINES, 'more 7'])
    log.info('last')
    expect(((await slow.next()).value as LogLine[]).map(({text}) => text)).toEqual(['last'])
    await slow.return()
  })

  it('begins with nothing where there is nothing', async () => {
    const watching = new EngineLog().watch()
    expect((await watching.next()).value).toEqual([])
    await watching.return()
  })
})
