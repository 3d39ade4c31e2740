import type {Problem} from '../../shared/domain/problem.ts'
import {MAX_TOKENIZERS} from '../../shared/lenses/tokenize.ts'
import {isCancellation, type StoreContext, shownProblem} from './context.ts'
import {type ComparedSource, isBaseline, type TokenizerChoices} from './tokenizers-state.ts'

export interface TokenizersChoiceActions {
  /** Adds a tokenizer after it could be opened; false where it could not, and the problem is kept. */
  addTokenizer(name: string): Promise<boolean>
  removeTokenizer(name: string): void
  /** Moves one up (−1) or down (1). */
  moveTokenizer(name: string, by: -1 | 1): void
  setReferenceTokenizer(name: string): void
  changeComparedSource(source: ComparedSource): void
  changeTokenizerChoices(change: Partial<TokenizerChoices>): void
  /** Points at bytes of the compared text. */
  pointAtBytes(bytes: readonly [number, number] | null): void
  /** Holds bytes, or lets them go. */
  holdBytes(bytes: readonly [number, number] | null): void
  /** Tells about one tokenizer's tokens; null: the first's. */
  holdRow(name: string | null): void
  showAddProblem(problem: Problem): void
  forgetAddProblem(): void
}

export function createTokenizersChoiceActions({
  store,
  set,
  change,
  client,
}: StoreContext): TokenizersChoiceActions {
  const names = () => store.getState().comparedTokenizers
  return {
    async addTokenizer(name) {
      if (names().includes(name)) return true
      if (names().length >= MAX_TOKENIZERS) {
        set({addProblem: tooMany(name)})
        return false
      }
      set({isAdding: true, addProblem: null})
      try {
        if (!isBaseline(name)) {
          const request = {tokenizers: [name], text: '', maxTokens: 0}
          for await (const _ of await client.tokenizers.compare(request));
        }
      } catch (error) {
        if (!isCancellation(error)) set({addProblem: shownProblem(error)})
        return false
      } finally {
        set({isAdding: false})
      }
      if (!names().includes(name)) {
        change(`add ${name}`, {comparedTokenizers: [...names(), name]})
      }
      return true
    },
    removeTokenizer(name) {
      const {referenceTokenizer} = store.getState()
      change(`remove ${name}`, {
        comparedTokenizers: names().filter((other) => other !== name),
        ...(referenceTokenizer === name ? {referenceTokenizer: null} : {}),
      })
    },
    moveTokenizer(name, by) {
      const from = names().indexOf(name)
      const to = from + by
      if (from < 0 || to < 0 || to >= names().length) return
      const moved = [...names()]
      moved.splice(from, 1)
      moved.splice(to, 0, name)
      change(`move ${name}`, {comparedTokenizers: moved})
    },
    setReferenceTokenizer: (name) => change('choose the reference', {referenceTokenizer: name}),
    changeComparedSource: (comparedSource) => change('choose a text', {comparedSource}),
    changeTokenizerChoices(part) {
      const {tokenizerChoices} = store.getState()
      const keys = Object.keys(part) as (keyof TokenizerChoices)[]
      if (keys.every((key) => tokenizerChoices[key] === part[key])) return
      change(
        'change the comparison',
        {tokenizerChoices: {...tokenizerChoices, ...part}},
        {merge: `tokenizers-${keys.join('-')}`}
      )
    },
    pointAtBytes(pointedBytes) {
      if (!isSame(store.getState().pointedBytes, pointedBytes)) set({pointedBytes})
    },
    holdBytes(heldBytes) {
      if (!isSame(store.getState().heldBytes, heldBytes)) set({heldBytes})
    },
    holdRow(heldRow) {
      if (store.getState().heldRow !== heldRow) set({heldRow})
    },
    showAddProblem: (addProblem) => set({addProblem}),
    forgetAddProblem: () => set({addProblem: null}),
  }
}

type Bytes = readonly [number, number] | null
const isSame = (a: Bytes, b: Bytes) =>
  a === b || (a !== null && b !== null && a[0] === b[0] && a[1] === b[1])

const tooMany = (name: string) => ({
  code: 'too-many-tokenizers',
  message: 'No more tokenizers can stand side by side.',
  found: `${MAX_TOKENIZERS}, and ${name}`,
  expected: `at most ${MAX_TOKENIZERS}`,
  advice: 'Remove one first.',
})
