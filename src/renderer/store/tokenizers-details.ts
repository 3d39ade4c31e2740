import type {Problem} from '../../shared/domain/problem.ts'
import {readTokenFlags, type TokenTable} from '../../shared/domain/token.ts'
import {
  type ParallelText,
  parallelTextSchema,
  type TokenizeMetrics,
} from '../../shared/lenses/tokenize.ts'
import type {Captures} from './captures.ts'
import {isCancellation, latestWins, type StoreContext, shownProblem} from './context.ts'
import {selectPane} from './panes.ts'
import type {WorkbenchState} from './state.ts'
import {referenceOf} from './tokenizers.ts'
import {isBaseline, TOKENIZERS_LENS} from './tokenizers-state.ts'

/** The view of the tokenizers lens that compares languages. */
export const LANGUAGES_VIEW = 'languages'
/** Tokens of a stretch whose entries are fetched. */
const MOST_ENTRIES = 6

/** A vocabulary entry by its tokenizer and id, with the tokenizers that it was looked for in. */
export function entryKey(tokenizer: string, id: number, others: readonly string[]): string {
  return [tokenizer, id, ...others].join('\n')
}

/** Tokenizers in which the bytes of an entry are looked for. */
export function otherTokenizers(
  {comparedTokenizers}: Pick<WorkbenchState, 'comparedTokenizers'>,
  own: string
): string[] {
  return comparedTokenizers.filter((name) => name !== own && !isBaseline(name))
}

/** The tokenizer that is told about: the one that was chosen, else the first that has a vocabulary. */
export function selectHeldRow(
  state: Pick<WorkbenchState, 'heldRow' | 'comparedTokenizers'>
): string | null {
  const {heldRow, comparedTokenizers} = state
  if (heldRow !== null && comparedTokenizers.includes(heldRow)) return heldRow
  return comparedTokenizers.find((name) => !isBaseline(name)) ?? null
}

/** Ids of the told-about tokenizer's tokens in the held bytes. */
export function selectHeldIds(state: WorkbenchState, captures: Captures): readonly number[] {
  const {heldBytes, comparedKey} = state
  const name = selectHeldRow(state)
  const compared = comparedKey === null ? undefined : captures.compared.peek(comparedKey)
  const row = compared?.rows.find(({tokenizer}) => tokenizer === name)
  if (!row || !heldBytes || name === null || isBaseline(name)) return []
  return idsWithin(row.tokens, heldBytes)
}

/** Ids of the first typed tokens that touch some bytes. */
function idsWithin(tokens: TokenTable, [from, to]: readonly [number, number]): number[] {
  const {byteStarts, byteEnds, flags} = tokens
  const ids: number[] = []
  let low = 0
  let high = byteEnds.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (byteEnds[middle]! > from) high = middle
    else low = middle + 1
  }
  for (let i = low; i < byteEnds.length && byteStarts[i]! < to; i++) {
    const isTyped = !readTokenFlags(flags[i]!).isInserted && byteEnds[i]! > byteStarts[i]!
    if (isTyped && ids.length < MOST_ENTRIES) ids.push(tokens.ids[i]!)
  }
  return ids
}

/** The language that others are compared with: the one that was chosen, else the first of one's own sentences. */
export function referenceLanguageOf({
  ownParallel,
  tokenizerChoices: {referenceLanguage},
}: Pick<WorkbenchState, 'ownParallel' | 'tokenizerChoices'>): string {
  if (!ownParallel || referenceLanguage in ownParallel.text) return referenceLanguage
  return Object.keys(ownParallel.text)[0] ?? referenceLanguage
}

/** What premiums are asked for; null while they are not shown. */
export function parityKeyOf(state: WorkbenchState): string | null {
  const isShown = state.panes.some((_, i) => {
    const pane = selectPane(state, i === 0 ? 0 : 1)
    return pane.lensId === TOKENIZERS_LENS && pane.view === LANGUAGES_VIEW
  })
  if (!isShown || state.comparedTokenizers.length === 0) return null
  const {comparedTokenizers, ownParallel} = state
  return JSON.stringify([comparedTokenizers, referenceLanguageOf(state), ownParallel?.text ?? null])
}

export interface TokenizersDetailActions {
  /** Keeps entries of what is held, and premiums over languages, in step. */
  watchTokenizerDetails(): void
  askParityAgain(): void
  /** Compares on aligned sentences of one's own, from a file that holds JSON {language: [sentences]}. */
  openParallel(name: string, json: string): void
  /** Goes back to the sentences that come along. */
  leaveParallel(): void
}

export function createTokenizersDetailActions(context: StoreContext): TokenizersDetailActions {
  const {store, set, captures, client} = context
  const renew = () => set(({detailsRevision}) => ({detailsRevision: detailsRevision + 1}))

  const fetchEntries = latestWins<{name: string; ids: readonly number[]; others: string[]}>(
    async ({name, ids, others}) => {
      for (const id of ids) {
        const key = entryKey(name, id, others)
        if (captures.tokenizerEntries.get(key)) continue
        try {
          const entry = await client.tokenizers.entry({tokenizer: name, id, others})
          captures.tokenizerEntries.set(key, entry)
          renew()
        } catch (error) {
          if (!isCancellation(error)) console.warn('entry not told:', error)
          return
        }
      }
    }
  )

  let refusedParity: string | null = null
  const fetchParity = latestWins<string>(async (key) => {
    if (parityKeyOf(store.getState()) !== key) return
    try {
      captures.parity.set(key, await parityOf(store.getState()))
      set({parityProblem: null})
      renew()
    } catch (error) {
      if (isCancellation(error)) return
      refusedParity = key
      set({parityProblem: shownProblem(error)})
    }
  })
  const parityOf = async (state: WorkbenchState): Promise<TokenizeMetrics> => {
    const {comparedTokenizers, ownParallel} = state
    const reference = referenceOf(state)
    const events = await client.tokenizers.compare({
      tokenizers: comparedTokenizers.filter((name) => !isBaseline(name)),
      baselines: comparedTokenizers.filter(isBaseline),
      ...(reference === null ? {} : {reference}),
      ...{text: '', parallel: ownParallel?.text ?? 'builtin', maxTokens: 0},
      referenceLanguage: referenceLanguageOf(state),
    })
    for await (const event of events) if (event.kind === 'completed') return event.result.metrics
    throw new Error('the comparison ended without a result')
  }

  let askedParity: string | null = null
  const want = (state: WorkbenchState) => {
    if (state.connection !== 'connected') return
    const ids = selectHeldIds(state, captures)
    const name = selectHeldRow(state)
    if (name !== null && ids.length > 0) {
      const others = otherTokenizers(state, name)
      const isKnown = ids.every((id) => captures.tokenizerEntries.peek(entryKey(name, id, others)))
      if (!isKnown) fetchEntries({name, ids, others})
    }
    const key = parityKeyOf(state)
    if (key === askedParity || key === refusedParity) return
    askedParity = key
    if (key !== null && !captures.parity.peek(key)) fetchParity(key)
  }

  return {
    watchTokenizerDetails() {
      store.subscribe((state, previous) => {
        const isUnchanged =
          state.heldBytes === previous.heldBytes &&
          state.heldRow === previous.heldRow &&
          state.comparedKey === previous.comparedKey &&
          state.comparedTokenizers === previous.comparedTokenizers &&
          state.tokenizerChoices === previous.tokenizerChoices &&
          state.ownParallel === previous.ownParallel &&
          state.panes === previous.panes &&
          state.connection === previous.connection
        if (!isUnchanged) want(state)
      })
    },
    openParallel(name, json) {
      const text = parallelOf(json)
      if (text) set({ownParallel: {name, text}, parityProblem: null})
      else set({parityProblem: notParallel(name, json)})
    },
    leaveParallel: () => set({ownParallel: null, parityProblem: null}),
    askParityAgain() {
      refusedParity = null
      askedParity = null
      set({parityProblem: null})
      want(store.getState())
    },
  }
}

function parallelOf(json: string): ParallelText | null {
  try {
    const text = parallelTextSchema.parse(JSON.parse(json))
    return Object.keys(text).length > 0 ? text : null
  } catch {
    return null
  }
}

const notParallel = (name: string, json: string): Problem => ({
  code: 'no-aligned-sentences',
  message: 'The file holds no aligned sentences.',
  file: name,
  found: json.trim() === '' ? 'nothing' : `${json.trim().slice(0, 40)}…`,
  expected: 'JSON such as {"en": ["One.", "Two."], "de": ["Eins.", "Zwei."]}',
  advice: 'Give every language the same sentences in the same order.',
})
