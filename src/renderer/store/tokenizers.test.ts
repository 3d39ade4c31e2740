import {describe, expect, test} from 'vitest'
import {ProblemError} from '../../shared/domain/problem.ts'
import type {EngineClient} from '../../shared/engine-client/connect.ts'
import {tokenizeRequestSchema} from '../../shared/lenses/tokenize.ts'
import {fakeWorkbench, memoryStorage} from './fake-workbench.ts'
import {comparedKeyOf, selectTokenizeRequest} from './tokenizers.ts'
import {fetchComparison} from './tokenizers-fetch.ts'

async function started(
  wrap: (client: EngineClient) => EngineClient = (client) => client,
  storage = memoryStorage(),
  session = memoryStorage()
) {
  const workbench = fakeWorkbench({}, storage, wrap, session)
  workbench.actions.start()
  // The first visit runs a sample, which opens its own lens.
  await workbench.until('the first run', (state) => state.runs[0]?.phase.kind === 'completed')
  workbench.actions.changePane({lensId: 'tokenize'})
  await workbench.until('a comparison', isShown)
  return workbench
}
const isShown = (state: Parameters<typeof comparedKeyOf>[0]) =>
  state.comparedKey !== null && state.comparedKey === comparedKeyOf(state)

const shown = ({store, captures}: Awaited<ReturnType<typeof started>>) =>
  captures.compared.peek(store.getState().comparedKey!)!

describe('the comparison', () => {
  test('follows what is typed, and lets go of bytes of another text', async () => {
    const workbench = await started()
    workbench.actions.holdBytes([0, 2])
    workbench.actions.setPromptText('now this')
    await workbench.until('the new text', isShown)
    expect(new TextDecoder().decode(shown(workbench).bytes)).toBe('now this')
    expect(workbench.store.getState().heldBytes).toBeNull()
  })

  test('asks for nothing while the lens is not shown', async () => {
    let asked = 0
    const workbench = fakeWorkbench({}, memoryStorage(), (client) => ({
      ...client,
      tokenizers: {
        ...client.tokenizers,
        compare: ((...call: Parameters<typeof client.tokenizers.compare>) => {
          // The second implementation is asked afterwards, of its own accord.
          if (!call[0].checkEngines) asked++
          return client.tokenizers.compare(...call)
        }) as typeof client.tokenizers.compare,
      },
    }))
    workbench.actions.start()
    await workbench.until('the first run', (state) => state.runs[0]?.phase.kind === 'completed')
    workbench.actions.setPromptText('x')
    expect(asked).toBe(0)
    workbench.actions.changePane({lensId: 'tokenize'})
    await workbench.until('a comparison', isShown)
    expect(asked).toBe(1)
  })

  test('rows come one by one, those that are still to come below them', async () => {
    const {client} = fakeWorkbench()
    const names = ['gpt2', 'words', 'llama3']
    const request = tokenizeRequestSchema.parse({
      ...{tokenizers: ['gpt2', 'llama3'], baselines: ['words'], text: 'two words'},
    })
    const seen: {rows: string[]; counts: string[]; pending: readonly string[]}[] = []
    const asked = {key: 'x', names, request}
    const whole = await fetchComparison(client, asked, new AbortController().signal, {
      onProgress: () => undefined,
      onRow: ({rows, summary, pending}) =>
        seen.push({
          rows: rows.map(({tokenizer}) => tokenizer),
          counts: summary.results.map(({tokenizer}) => tokenizer),
          pending,
        }),
    })
    // The engine cuts by tokenizers first, then by the plain ways.
    expect(seen).toEqual([
      {rows: ['gpt2'], counts: ['gpt2'], pending: ['words', 'llama3']},
      {rows: ['gpt2', 'llama3'], counts: ['gpt2', 'llama3'], pending: ['words']},
    ])
    expect(whole!.pending).toEqual([])
    expect(whole!.rows.map(({tokenizer}) => tokenizer)).toEqual(names)
  })

  test('rows stand in the order in which they are compared, baselines among them', async () => {
    const workbench = await started()
    const {actions, store} = workbench
    await actions.addTokenizer('words')
    actions.moveTokenizer('words', -1)
    await workbench.until('the new order', isShown)
    const names = store.getState().comparedTokenizers
    expect(names.slice(-2)).toEqual(['words', 'llama3'])
    expect(shown(workbench).rows.map(({tokenizer}) => tokenizer)).toEqual(names)
    expect(selectTokenizeRequest(store.getState())).toMatchObject({
      tokenizers: ['gpt2', 'cl100k', 'o200k', 'llama2', 'llama3'],
      baselines: ['words'],
      reference: 'gpt2',
    })
  })

  test('adding, moving, removing and the reference are undone one by one', async () => {
    const workbench = await started()
    const {actions, store} = workbench
    const names = () => store.getState().comparedTokenizers
    const first = names()
    actions.setReferenceTokenizer('o200k')
    actions.removeTokenizer('o200k')
    expect(names()).not.toContain('o200k')
    // What is gone is no reference.
    expect(selectTokenizeRequest(store.getState())?.reference).toBe('gpt2')
    actions.undo()
    expect(names()).toEqual(first)
    expect(store.getState().referenceTokenizer).toBe('o200k')
    actions.undo()
    expect(store.getState().referenceTokenizer).toBeNull()
  })

  test('what cannot be opened is not added, and the page is told why', async () => {
    const problem = {code: 'tokenizer-not-found', message: 'None.', advice: 'Look again.'}
    const workbench = await started((client) => ({
      ...client,
      tokenizers: {
        ...client.tokenizers,
        compare: (async (input: {tokenizers: string[]}, call: never) => {
          if (input.tokenizers.includes('nowhere')) throw new ProblemError(problem)
          return client.tokenizers.compare(input, call)
        }) as typeof client.tokenizers.compare,
      },
    }))
    const {actions, store} = workbench
    expect(await actions.addTokenizer('nowhere')).toBe(false)
    expect(store.getState().comparedTokenizers).not.toContain('nowhere')
    expect(store.getState().addProblem?.message).not.toBeUndefined()
    expect(store.getState().isAdding).toBe(false)
  })

  test('outlives a reload of its tab, and what was compared is what a new tab begins with', async () => {
    const storage = memoryStorage()
    const session = memoryStorage()
    const workbench = await started((client) => client, storage, session)
    workbench.actions.removeTokenizer('gpt2')
    workbench.actions.changeComparedSource({kind: 'sample', id: 'numbers'})
    workbench.actions.changeTokenizerChoices({price: 2.5})
    workbench.actions.keepDocument()
    const again = fakeWorkbench({}, storage, (client) => client, session).store.getState()
    expect(again.comparedTokenizers).not.toContain('gpt2')
    expect(again.comparedSource).toEqual({kind: 'sample', id: 'numbers'})
    expect(again.tokenizerChoices.price).toBe(2.5)
    const fresh = fakeWorkbench({}, storage).store.getState()
    expect(fresh.comparedTokenizers).toEqual(again.comparedTokenizers)
    expect(fresh.comparedSource).toEqual({kind: 'prompt'})
  })
})

describe('what is held', () => {
  test('has its entries fetched for the chosen row, with what they are elsewhere', async () => {
    const workbench = await started()
    const {actions, captures, store} = workbench
    actions.setPromptText('abcdefgh')
    await workbench.until('the new text', isShown)
    actions.holdBytes([0, 8])
    actions.holdRow('cl100k')
    await workbench.until('entries', ({detailsRevision}) => detailsRevision > 0)
    const others = ['gpt2', 'o200k', 'llama2', 'llama3']
    const key = ['cl100k', 'a'.codePointAt(0)!, ...others].join('\n')
    await workbench.until('the entry', () => captures.tokenizerEntries.peek(key) !== undefined)
    const entry = captures.tokenizerEntries.peek(key)!
    expect(entry.elsewhere.map(({tokenizer}) => tokenizer)).toEqual(others)
    actions.removeTokenizer('cl100k')
    expect(store.getState().heldRow).toBe('cl100k')
  })
})
