import type {Message, PromptInput} from '../../shared/lenses/tokens.ts'
import type {StoreContext} from './context.ts'
import {selectActiveModel, selectActiveRef} from './models.ts'
import type {PromptFactsState, PromptState, WorkbenchState} from './state.ts'

export const initialPrompt: PromptState = {promptText: '', turns: [], isChat: false}
export const initialPromptFacts: PromptFactsState = {promptTokenCount: null, contextLength: null}

export interface PromptActions {
  setPromptText(text: string): void
  /** The chat's turns; what the person is typing in is named by `merge`. */
  setTurns(turns: readonly Message[], merge?: string): void
  setChat(isChat: boolean): void
  /** Everything that is typed at once, as of a sample or of a row of a list. */
  setPrompt(prompt: Partial<PromptState>, what?: string): void
  /** Counts the tokens of the prompt as it stands, after a pause in typing. */
  countTokens(): void
  /** Counts again whenever what is typed, or the model, changes. */
  watchPrompt(): void
}

const COUNT_DELAY_MS = 150

/** The prompt is a chat: that was chosen, and the model has a template. */
export function selectIsChat(state: WorkbenchState): boolean {
  const model = selectActiveModel(state)
  return state.isChat && (model?.chatTemplate ?? false)
}

/** The prompt as a request carries it; a chat where that is chosen and the model has a template. */
export function selectPromptInput(state: WorkbenchState): PromptInput {
  if (!selectIsChat(state)) return {prompt: state.promptText}
  const turns = state.turns.filter(({role, content}) => role !== 'system' || content.trim() !== '')
  const [only] = turns
  if (turns.length === 1 && only?.role === 'user') return {prompt: only.content, chat: true}
  return {messages: turns.map((turn) => ({...turn}))}
}

/** What was typed for a request, as the editor holds it; nothing where its tokens were given by id. */
export function promptOfRequest({prompt, messages, chat}: PromptInput): Partial<PromptState> {
  if (messages) return {isChat: true, turns: messages}
  if (!prompt) return {}
  return chat
    ? {isChat: true, turns: [{role: 'user', content: prompt}]}
    : {isChat: false, promptText: prompt}
}

/** There is something to run. */
export function selectHasPrompt(state: WorkbenchState): boolean {
  return selectIsChat(state)
    ? state.turns.some(({content}) => content !== '')
    : state.promptText !== ''
}

/** The words by which a prompt is known: its text, or its last turn that has any. */
export function selectPromptWords(state: WorkbenchState): string {
  if (!selectIsChat(state)) return state.promptText
  return state.turns.findLast(({content}) => content.trim() !== '')?.content ?? ''
}

const SPACE_SIGNS: Readonly<Record<string, string>> = {'\n': '↵', '\r': '↵', '\t': '→'}

/** White space alone, as signs. */
const spacesShown = (text: string) =>
  [...text.slice(0, 60)].map((char) => SPACE_SIGNS[char] ?? '·').join('')

/** One line that tells this prompt from others in the history: its last sentence, or what spaces it is made of. */
export function labelOfPrompt(text: string): string {
  if (text === '') return 'empty prompt'
  const flat = text.replace(/\s+/gu, ' ').trim()
  if (flat === '') return spacesShown(text)
  const sentences = flat.match(/[^.?!:;]+[.?!:;]*/gu) ?? [flat]
  const last = sentences.findLast((sentence) => /[\p{L}\p{N}]/u.test(sentence)) ?? flat
  return [...last.trim()].slice(0, 60).join('')
}

export function createPromptActions({
  store,
  set,
  change,
  client,
  deps,
}: StoreContext): PromptActions {
  let cancelDelay: () => void = () => undefined
  let abort: AbortController | null = null

  const count = async () => {
    abort?.abort()
    const mine = new AbortController()
    abort = mine
    const state = store.getState()
    const ref = selectActiveRef(state)
    // Before a model is loaded its tokenizer would have to be read for every key stroke.
    if (!ref || !selectActiveModel(state)) {
      set({promptTokenCount: null})
      return
    }
    const input = selectPromptInput(state)
    if (input.prompt === '') {
      set({promptTokenCount: 0})
      return
    }
    try {
      const {tokens, contextLength} = await client.text.tokenize(
        {...ref, ...input},
        {signal: mine.signal}
      )
      if (abort !== mine) return
      set({promptTokenCount: tokens.ids.length, contextLength})
    } catch {
      // The count is a convenience: Run tells what is wrong with the prompt.
      if (abort === mine) set({promptTokenCount: null})
    }
  }

  const countTokens = () => {
    cancelDelay()
    // A count that is still under way is of a text that is no longer there.
    abort?.abort()
    abort = null
    set({promptTokenCount: null})
    cancelDelay = deps.after(COUNT_DELAY_MS, () => void count())
  }

  return {
    countTokens,
    watchPrompt() {
      store.subscribe((state, before) => {
        const isSame =
          state.promptText === before.promptText &&
          state.turns === before.turns &&
          state.isChat === before.isChat &&
          state.activeModelPath === before.activeModelPath &&
          state.activeModelFile === before.activeModelFile
        if (!isSame) countTokens()
      })
    },
    setPromptText: (promptText) => change('typing', {promptText}, {merge: 'type'}),
    setTurns: (turns, merge) => change('edit the chat', {turns}, merge ? {merge} : {}),
    setPrompt: (prompt, what = 'replace the prompt') => change(what, prompt),
    setChat(isChat) {
      const {turns, promptText} = store.getState()
      // What was typed before becomes the first turn of a chat that has none.
      const first =
        isChat && turns.length === 0 ? {turns: [{role: 'user', content: promptText}]} : {}
      change(isChat ? 'make it a chat' : 'make it plain text', {isChat, ...first})
    },
  }
}
