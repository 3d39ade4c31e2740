import {expect, test} from 'vitest'
import type {EngineClient} from '../../shared/engine-client/connect.ts'
import type {PromptListEvent, PromptListRequest} from '../../shared/lenses/prompt-list.ts'
import {fakeWorkbench, memoryStorage, openedWorkbench} from './fake-workbench.ts'
import {selectListEntries, selectShownEntries, sortedEntries, summaryOf} from './list-entries.ts'
import type {ListArchive} from './list-keeper.ts'

const listOf = (prompts: readonly string[], answer: string | null = null) => ({
  rows: prompts.map((prompt, i) => ({prompt, messages: null, answer, line: i + 1})),
  source: {
    name: 'pasted',
    format: 'text, a prompt a line',
    columns: null,
    lineCount: prompts.length,
    rowCount: prompts.length,
    skippedCount: 0,
    skipped: [],
    answersFrom: null,
  },
  isReplacing: false,
})

/** Notes which rows each request asks for; the first one stands still after `held` rows until it is cancelled. */
function noted(asked: string[][], held = Number.POSITIVE_INFINITY, signals: AbortSignal[] = []) {
  return (client: EngineClient): EngineClient => ({
    ...client,
    prompts: {
      run: async (request: PromptListRequest, options: {readonly signal: AbortSignal}) => {
        asked.push(request.rows.map(({id}) => id))
        signals.push(options.signal)
        const events = await client.prompts.run(request, options)
        return asked.length === 1 ? heldAfter(held, events, options.signal) : events
      },
    } as EngineClient['prompts'],
  })
}

async function* heldAfter(
  rowCount: number,
  events: AsyncIterable<PromptListEvent>,
  signal: AbortSignal
): AsyncGenerator<PromptListEvent> {
  let count = 0
  for await (const event of events) {
    yield event
    if (event.kind !== 'row' || ++count < rowCount) continue
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
  }
}

const PROMPTS = Array.from({length: 40}, (_, i) => `Tom has ${i} coins. Who has the`)

test('cancelled half-way, it keeps what is done and computes only the rest', async () => {
  const asked: string[][] = []
  const signals: AbortSignal[] = []
  const bench = await openedWorkbench({}, undefined, noted(asked, 17, signals))
  const {actions, captures, seen, until} = bench
  actions.importList(listOf(PROMPTS, ' lamp'))
  actions.runList()
  await until('some rows', ({listJob}) => listJob.kind === 'running' && listJob.done === 17)
  expect(signals[0]!.aborted).toBe(false)
  actions.cancelList()
  // The engine is told, and does not go on for nobody.
  expect(signals[0]!.aborted).toBe(true)
  const done = summaryOf(selectListEntries(seen(), captures))
  expect(done.doneCount).toBe(17)
  expect(seen().listJob).toEqual({kind: 'cancelled', done: 17, total: 40})
  actions.runList()
  await until('the end', ({listJob}) => listJob.kind === 'idle')
  expect(asked.map((ids) => ids.length)).toEqual([40, 23])
  expect(asked[1]).toEqual(asked[0]!.slice(17))
  expect(summaryOf(selectListEntries(seen(), captures)).doneCount).toBe(40)
  // There is nothing left to do.
  actions.runList()
  expect(asked).toHaveLength(2)
})

test('answers are judged by the completion’s text, with a space before them and without', async () => {
  const {actions, captures, seen, until} = await openedWorkbench()
  const prompt = PROMPTS[3]!
  const judged = async (answers: readonly string[], generateCount: number) => {
    actions.changeParameters({generateCount})
    actions.importList({
      ...listOf([]),
      rows: answers.map((answer, i) => ({prompt, messages: null, answer, line: i + 1})),
      isReplacing: true,
    })
    actions.runList()
    await until('the end', ({listJob}) => listJob.kind === 'idle')
    return selectListEntries(seen(), captures)
  }
  const {completion} = (await judged(['x'], 3))[0]!
  const [, word] = /^ ([a-z]+)\b/.exec(completion)!
  const answers = [word!, ` ${word}`, `\t${word}`, word!.slice(0, -1), `${word} zebra`, ' ', '']
  const entries = await judged(answers, 3)
  expect(entries.map(({status}) => status)).toEqual([
    ...['right', 'right', 'right', 'wrong', 'wrong', 'done', 'done'],
  ])
  // White space alone is no answer: it has no probability and is counted with those that have none.
  expect(entries.slice(-2).map(({result}) => result!.answer)).toEqual([null, null])
  expect(summaryOf(entries)).toMatchObject({judgedCount: 5, rightCount: 3, noAnswerCount: 2})
  // Both forms are asked about where none has a space; this one is what the model writes.
  expect(entries[0]!.result!.answer).toMatchObject({
    isSpaced: true,
    logprob: entries[1]!.result!.answer!.logprob,
  })
  const cut = await judged([`${word} zebra`, word!], 1)
  expect(cut.map(({status}) => status)).toEqual(['done', 'right'])
  expect(summaryOf(cut)).toMatchObject({cutCount: 1, noAnswerCount: 0})
})

test('other parameters make rows stale, and the first ones bring them back', async () => {
  const {actions, captures, seen, until} = await openedWorkbench()
  actions.importList(listOf(PROMPTS.slice(0, 3)))
  actions.runList()
  await until('the end', ({listJob}) => listJob.kind === 'idle')
  const statuses = () => selectListEntries(seen(), captures).map(({status}) => status)
  expect(statuses()).toEqual(['done', 'done', 'done'])
  // The likeliest tokens are the same at any temperature.
  actions.changeParameters({temperature: 0.5})
  expect(statuses()).toEqual(['done', 'done', 'done'])
  actions.changeParameters({generateCount: 2})
  expect(statuses()).toEqual(['stale', 'stale', 'stale'])
  actions.changeParameters({generateCount: 5})
  expect(statuses()).toEqual(['done', 'done', 'done'])
})

test('an answer that is edited has its row wait; Undo gives its numbers back', async () => {
  const {actions, captures, seen, until} = await openedWorkbench()
  actions.importList(listOf(PROMPTS.slice(0, 2), ' lamp'))
  actions.runList()
  await until('the end', ({listJob}) => listJob.kind === 'idle')
  const before = selectListEntries(seen(), captures)
  const [{row}] = before as [(typeof before)[number]]
  actions.setListAnswer(row.id, ' coin')
  expect(selectListEntries(seen(), captures)[0]!.status).toBe('waits')
  actions.undo()
  expect(selectListEntries(seen(), captures)[0]).toMatchObject({
    status: before[0]!.status,
    result: before[0]!.result,
  })
})

test('a row that fails is named, the others go on, and it can be tried again', async () => {
  const asked: string[][] = []
  const bench = await openedWorkbench({contextLength: 40}, undefined, noted(asked))
  const {actions, captures, seen, until} = bench
  actions.importList(listOf(['Tom has a', 'word '.repeat(80), 'Mira has a']))
  actions.runList()
  await until('the end', ({listJob}) => listJob.kind === 'idle')
  const entries = selectListEntries(seen(), captures)
  expect(entries.map(({status}) => status)).toEqual(['done', 'failed', 'done'])
  expect(entries[1]!.outcome).toMatchObject({kind: 'failed', problem: {code: 'prompt-too-long'}})
  actions.runList('failed')
  await until('the end again', ({listJob}) => listJob.kind === 'idle')
  expect(asked[1]).toEqual([entries[1]!.row.id])
})

test('an opened row has its own completion, is opened again, and stands in the lens', async () => {
  const {actions, captures, seen, until} = await openedWorkbench()
  actions.importList(listOf(['Tom has a coin. Who has the coin? Tom has the']))
  actions.showList(true)
  actions.runList()
  await until('the end', ({listJob}) => listJob.kind === 'idle')
  const [entry] = selectListEntries(seen(), captures)
  actions.openListRow(entry!.row.id)
  expect(seen().panes[0]!.view).toBeNull()
  const opened = await until('the run', ({runs}) => runs[0]?.phase.kind === 'completed')
  const data = captures.runs.peek(opened.activeRunId!)!
  const {result} = entry!
  expect(data.completionIds).toEqual(result!.completionIds)
  expect(data.promptTokenCount).toBe(result!.promptTokenCount)
  const scored = data.tokens
    .slice(0, data.promptTokenCount)
    .filter(({surprisalBits}) => surprisalBits !== null)
  const mean = scored.reduce((sum, token) => sum + token.surprisalBits!, 0) / scored.length
  expect(mean).toBeCloseTo(result!.meanSurprisalBits!, 9)
  const count = seen().runs.length
  actions.goBack()
  expect(seen().panes[0]!.view).toBe('prompt-list')
  actions.openListRow(entry!.row.id)
  expect(seen().runs).toHaveLength(count)
  expect(seen().activeRunId).toBe(opened.activeRunId)
})

test('beside another lens the list stays, and the row is shown there', async () => {
  const {actions, seen} = await openedWorkbench()
  actions.importList(listOf(['Tom has a']))
  actions.toggleSplit()
  actions.showList(true, 0)
  actions.openListRow(seen().listRows[0]!.id, 0)
  expect(seen().panes.map(({view}) => view)).toEqual(['prompt-list', null])
  expect(seen().panes[1]!.runId).toBe(seen().runs[0]!.id)
})

test('sorting is stable, keeps rows without a value last, and the filter looks at every text', async () => {
  const {actions, captures, seen} = await openedWorkbench()
  actions.importList({
    ...listOf([]),
    rows: [
      {prompt: 'b 10', messages: null, answer: 'x', line: 1},
      {prompt: 'b 9', messages: null, answer: null, line: 2},
      {prompt: 'a', messages: null, answer: 'x', line: 3},
      {prompt: 'B 9', messages: null, answer: 'w', line: 4},
    ],
  })
  const entries = selectListEntries(seen(), captures)
  const numbers = (column: 'prompt' | 'answer', isDescending: boolean) =>
    sortedEntries(entries, {column, isDescending}).map(({number}) => number)
  expect(numbers('prompt', false)).toEqual([3, 2, 4, 1])
  expect(numbers('answer', false)).toEqual([4, 1, 3, 2])
  expect(numbers('answer', true)).toEqual([1, 3, 4, 2])
  actions.changeListView({listFilter: 'B 9'})
  expect(selectShownEntries(seen(), captures).map(({number}) => number)).toEqual([2, 4])
  actions.changeListView({listFilter: '', listStatus: 'right'})
  expect(selectShownEntries(seen(), captures)).toEqual([])
})

/** An archive in memory; what is kept is cloned, as by a database. */
function memoryArchive(): ListArchive {
  const kept = new Map<string, unknown>()
  let list: unknown = null
  return {
    saveList: async (saved) => {
      list = structuredClone(saved)
    },
    saveOutcomes: async (outcomes) => {
      for (const outcome of outcomes) {
        kept.set(`${outcome.row.id} ${outcome.key}`, structuredClone(outcome))
      }
    },
    list: async () => list,
    async *outcomes() {
      for (const outcome of kept.values()) yield [outcome, {row: 'damaged'}]
    },
    clear: async () => kept.clear(),
  }
}

test('numbers outlive a reload, also those of a cancelled job and of failed rows', async () => {
  const [storage, session, archive] = [memoryStorage(), memoryStorage(), memoryArchive()]
  const page = async () => {
    const workbench = fakeWorkbench(
      {contextLength: 40},
      storage,
      undefined,
      session,
      undefined,
      archive
    )
    workbench.actions.start()
    await workbench.until('the run', ({runs}) => runs[0]?.phase.kind === 'failed')
    return workbench
  }
  const first = await page()
  first.actions.importList(listOf(['Tom has a', 'word '.repeat(80), 'Mira has a'], ' lamp'))
  first.actions.runList()
  await first.until('the end', ({listJob}) => listJob.kind === 'idle')
  await first.until('the rows', () => {
    const {doneCount, counts} = summaryOf(selectListEntries(first.seen(), first.captures))
    return doneCount + counts.failed === 3
  })
  const before = selectListEntries(first.seen(), first.captures)
  first.actions.keepDocument()

  const second = await page()
  await second.until('the numbers', (state) => {
    const entries = selectListEntries(state, second.captures)
    return entries.length === 3 && entries.every(({outcome}) => outcome !== null)
  })
  const after = selectListEntries(second.seen(), second.captures)
  expect(after.map(({status}) => status)).toEqual(before.map(({status}) => status))
  expect(after.map(({result}) => result)).toEqual(before.map(({result}) => result))
  expect(after.map(({status}) => status)).toContain('failed')

  // A row that was given an old id later does not inherit its numbers.
  second.actions.clearList()
  second.actions.importList(listOf(['Another text'], ' lamp'))
  second.actions.keepDocument()
  const third = await page()
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(selectListEntries(third.seen(), third.captures)[0]).toMatchObject({status: 'waits'})
})

test('a list too large for text storage outlives a reload in the archive', async () => {
  const [storage, session, archive] = [memoryStorage(), memoryStorage(), memoryArchive()]
  const first = fakeWorkbench({}, storage, undefined, session, undefined, archive)
  first.actions.start()
  await first.until('the run', ({runs}) => runs[0]?.phase.kind === 'completed')
  first.actions.importList(listOf(['x'.repeat(2_000_000), 'y'.repeat(2_000_000)]))
  first.actions.keepDocument()
  expect(session.getItem('tokenscope.list')!.length).toBeLessThan(100)
  const second = fakeWorkbench({}, storage, undefined, session, undefined, archive)
  second.actions.start()
  await second.until('the list', ({listRows}) => listRows.length === 2)
  expect(second.seen().listRows).toEqual(first.seen().listRows)
  // One that is emptied stays empty.
  second.actions.clearList()
  second.actions.keepDocument()
  const third = fakeWorkbench({}, storage, undefined, session, undefined, archive)
  third.actions.start()
  await third.until('the run', ({runs}) => runs[0]?.phase.kind === 'completed')
  expect(third.seen().listRows).toEqual([])
})

test('ids are never used again, and removing can be undone', async () => {
  const {actions, seen} = await openedWorkbench()
  actions.importList(listOf(['a', 'b']))
  const first = seen().listRows
  actions.importList({...listOf(['c']), isReplacing: true})
  expect(seen().listRows.map(({prompt}) => prompt)).toEqual(['c'])
  expect(first.some(({id}) => id === seen().listRows[0]!.id)).toBe(false)
  actions.clearList()
  expect(seen().listRows).toEqual([])
  actions.undo()
  actions.undo()
  expect(seen().listRows).toBe(first)
})

test('a list outlives a reload of its tab', async () => {
  const [storage, session] = [memoryStorage(), memoryStorage()]
  const first = fakeWorkbench({}, storage, undefined, session)
  first.actions.start()
  await first.until('the run', ({runs}) => runs[0]?.phase.kind === 'completed')
  first.actions.importList(listOf(['a', 'b'], 'c'))
  first.actions.setChat(true)
  first.actions.keepDocument()
  const second = fakeWorkbench({}, storage, undefined, session)
  expect(second.seen().listRows).toEqual(first.seen().listRows)
  expect(second.seen().listSource).toEqual(first.seen().listSource)
  expect(second.seen().turns).toEqual(first.seen().turns)
})

test('removing the rows that are waited for stops the job', async () => {
  const {actions, until} = await openedWorkbench({delayMs: 10})
  actions.importList(listOf(PROMPTS))
  actions.runList()
  await until('some rows', ({listJob}) => listJob.kind === 'running' && listJob.done > 0)
  actions.clearList()
  await until('it stopped', ({listJob}) => listJob.kind === 'cancelled')
})
