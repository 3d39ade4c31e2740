import {type TokenizeRequest, tokenizeRequestSchema} from '../../shared/lenses/tokenize.ts'
import {textSampleOf} from '../../shared/samples/text-samples.ts'
import {isCancellation, latestWins, type StoreContext, shownProblem} from './context.ts'
import {selectPane} from './panes.ts'
import {selectPromptWords} from './prompt.ts'
import type {WorkbenchState} from './state.ts'
import {type AskedComparison as Asked, fetchComparison} from './tokenizers-fetch.ts'
import {writeLastTokenizers} from './tokenizers-kept.ts'
import {
  type ComparedText,
  isBaseline,
  TOKENIZERS_LENS,
  type TokenizersJob,
  type TokenizersState,
} from './tokenizers-state.ts'

/** Tokens of each tokenizer that come to the page; all are counted. */
export const MOST_SHOWN_TOKENS = 100_000
/** A pause after which a second implementation is asked whether it agrees; it takes seconds to be loaded. */
const PROOF_DELAY_MS = 1500
/** Progress is not shown before a comparison has taken this long. */
const SLOW_MS = 150

/** Whether a pane shows the lens. */
export function selectAreTokenizersShown(state: WorkbenchState): boolean {
  return state.panes.some((_, i) => selectPane(state, i === 0 ? 0 : 1).lensId === TOKENIZERS_LENS)
}

/** The text that is compared; null for a file that the engine reads. */
export function selectComparedText(
  state: Pick<WorkbenchState, 'comparedSource'> & Parameters<typeof selectPromptWords>[0]
): string | null {
  const {comparedSource: source} = state
  switch (source.kind) {
    case 'prompt':
      return selectPromptWords(state)
    case 'sample':
      return textSampleOf(source.id)?.text ?? ''
    case 'own':
      return source.text
    case 'file':
      return null
  }
}

/** What lengths are relative to. */
export function referenceOf({
  comparedTokenizers,
  referenceTokenizer,
}: Pick<TokenizersState, 'comparedTokenizers' | 'referenceTokenizer'>): string | null {
  return referenceTokenizer !== null && comparedTokenizers.includes(referenceTokenizer)
    ? referenceTokenizer
    : (comparedTokenizers[0] ?? null)
}

/** The comparison that the state asks for; null while there is nothing to compare. */
export function selectTokenizeRequest(state: WorkbenchState): TokenizeRequest | null {
  const {comparedTokenizers, tokenizerChoices: choices, comparedSource} = state
  if (comparedTokenizers.length === 0) return null
  const text = selectComparedText(state)
  const reference = referenceOf(state)
  return tokenizeRequestSchema.parse({
    tokenizers: comparedTokenizers.filter((name) => !isBaseline(name)),
    baselines: comparedTokenizers.filter(isBaseline),
    ...(text === null
      ? {textFile: comparedSource.kind === 'file' ? comparedSource.path : ''}
      : {text}),
    wordRule: choices.wordRule,
    ...(reference === null ? {} : {reference}),
    ...(choices.hasInserted ? {} : {noSpecialTokens: true}),
    ...(choices.areSpecialsParsed ? {parseSpecial: true} : {}),
    ...(choices.price === null ? {} : {price: choices.price}),
    ...(choices.contextLength === null ? {} : {contextLength: choices.contextLength}),
    maxTokens: MOST_SHOWN_TOKENS,
  })
}

/** A comparison's own name, in which the order of its rows counts. */
export function comparedKeyOf(state: WorkbenchState): string | null {
  const request = selectTokenizeRequest(state)
  return request && JSON.stringify([state.comparedTokenizers, request])
}

export interface TokenizersActions {
  /** Keeps the comparison in step with what is chosen and typed, where it is shown. */
  watchTokenizers(): void
  cancelComparison(): void
  /** Compares once more after it was cancelled or failed. */
  compareAgain(): void
  /** Encodes the text with a second implementation as well; after a change of it this is asked for. */
  checkEngines(): void
}

export function createTokenizersActions(context: StoreContext): TokenizersActions {
  const {store, set, captures, client, deps} = context
  const setJob = (tokenizersJob: TokenizersJob) => set({tokenizersJob})
  let abort = new AbortController()
  let proving = new AbortController()
  let wanted: string | null = null
  let refused: string | null = null
  let provenNames: string | null = null
  let last: {readonly asked: Asked; readonly compared: ComparedText} | null = null
  let cancelProof: () => void = () => undefined

  /** Shows a comparison; what was held of another is let go. */
  const reveal = (key: string) =>
    set(({comparedKey, comparedRevision}) => ({
      ...{comparedKey: key, comparedRevision: comparedRevision + 1},
      ...(comparedKey === key ? {} : {heldBytes: null, pointedBytes: null}),
    }))
  const show = (key: string, compared: ComparedText) => {
    captures.compared.set(key, compared)
    reveal(key)
    setJob({kind: 'idle'})
  }
  const isWanted = ({key}: Asked) => wanted === key
  const isComplete = (key: string) => captures.compared.get(key)?.pending.length === 0

  const compare = latestWins<Asked>(async (asked) => {
    if (!isWanted(asked)) return
    abort = new AbortController()
    const {signal} = abort
    const startedAt = deps.now()
    try {
      const isSlow = () => isWanted(asked) && deps.now() - startedAt > SLOW_MS
      const compared = await fetchComparison(client, asked, signal, {
        onProgress: (job) => isSlow() && setJob(job),
        // Whoever types sees whole comparisons; where vocabularies are loaded, rows come one by one.
        onRow: (some) => {
          if (!isSlow()) return
          captures.compared.set(asked.key, some)
          reveal(asked.key)
        },
      })
      if (!compared || !isWanted(asked)) return
      show(asked.key, compared)
      cancelProof()
      last = {asked, compared}
      // Whoever types is not held up: the same tokenizers are asked once, then on demand.
      const names = asked.names.join('\n')
      if (provenNames === names) return
      cancelProof = deps.after(PROOF_DELAY_MS, () => {
        provenNames = names
        void prove(asked, compared)
      })
    } catch (error) {
      if (!isWanted(asked)) return
      refused = asked.key
      if (signal.aborted || isCancellation(error)) setJob({kind: 'cancelled'})
      else setJob({kind: 'failed', problem: shownProblem(error)})
    }
  })

  /** Asks for the same with a second implementation, which would hold up whoever types. */
  const prove = async (asked: Asked, compared: ComparedText) => {
    if (!isWanted(asked) || compared.summary.text === null) return
    proving.abort()
    proving = new AbortController()
    set({isProving: true})
    try {
      const proven = await fetchComparison(
        client,
        {...asked, request: {...asked.request, checkEngines: true, maxTokens: 0}},
        proving.signal
      )
      if (!proven || !isWanted(asked)) return
      const summary = {...proven.summary, request: compared.request}
      show(asked.key, {...compared, summary})
    } catch (error) {
      // What is on the screen is right without it; its badge stays away.
      if (!isCancellation(error)) console.warn('engines not compared:', error)
    } finally {
      set({isProving: false})
    }
  }

  const want = () => {
    const state = store.getState()
    if (state.connection !== 'connected' || !selectAreTokenizersShown(state)) {
      // An answer on its way is still shown, for when the lens is opened again.
      if (state.connection !== 'connected') wanted = null
      return
    }
    const key = comparedKeyOf(state)
    if (key === wanted || key === refused) return
    const wasBusy = wanted !== null && !isComplete(wanted)
    wanted = key
    refused = null
    cancelProof()
    proving.abort()
    if (wasBusy) abort.abort()
    if (key === null) {
      set({comparedKey: null, tokenizersJob: {kind: 'idle'}})
      return
    }
    if (state.tokenizersJob.kind !== 'running') setJob({kind: 'idle'})
    if (isComplete(key)) {
      reveal(key)
      return
    }
    compare({key, names: state.comparedTokenizers, request: selectTokenizeRequest(state)!})
  }

  return {
    watchTokenizers() {
      store.subscribe((state, previous) => {
        const isUnchanged =
          state.comparedTokenizers === previous.comparedTokenizers &&
          state.referenceTokenizer === previous.referenceTokenizer &&
          state.comparedSource === previous.comparedSource &&
          state.tokenizerChoices === previous.tokenizerChoices &&
          state.promptText === previous.promptText &&
          state.turns === previous.turns &&
          state.isChat === previous.isChat &&
          state.panes === previous.panes &&
          state.connection === previous.connection
        if (isUnchanged) return
        if (
          state.comparedTokenizers !== previous.comparedTokenizers ||
          state.referenceTokenizer !== previous.referenceTokenizer
        ) {
          writeLastTokenizers(deps.storage, state)
        }
        want()
      })
    },
    cancelComparison: () => abort.abort(),
    checkEngines() {
      cancelProof()
      if (last) void prove(last.asked, last.compared)
    },
    compareAgain() {
      refused = null
      wanted = null
      want()
    },
  }
}
