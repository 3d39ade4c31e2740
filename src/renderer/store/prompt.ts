import type {PromptInput} from '../../shared/lenses/tokens.ts'
import type {StoreContext} from './context.ts'
import {refOfListing, selectActiveListing, selectLoaded} from './models.ts'
import {writePrompt} from './persistence.ts'
import type {PromptState, WorkbenchState} from './state.ts'

export const initialPrompt: PromptState = {
  promptText: '',
  systemText: '',
  isChat: false,
  promptTokenCount: null,
  contextLength: null,
}

export interface PromptActions {
  setPromptText(text: string): void
  setSystemText(text: string): void
  setChat(isChat: boolean): void
  /** Counts the tokens of the prompt as it stands, after a pause in typing. */
  countTokens(): void
  /** Keeps prompt and chosen model for the next visit. */
  keepPrompt(): void
}

const COUNT_DELAY_MS = 150

/** The prompt as a request carries it; a chat where that is chosen and the model has a template. */
export function selectPromptInput(state: WorkbenchState): PromptInput {
  const model = selectLoaded(state, state.activeModelPath)
  const text = state.promptText
  if (!state.isChat || !model?.chatTemplate) return {prompt: text}
  if (state.systemText.trim() === '') return {prompt: text, chat: true}
  return {
    messages: [
      {role: 'system', content: state.systemText},
      {role: 'user', content: text},
    ],
  }
}

/** One line that tells this prompt from others in the history: its last sentence. */
export function labelOfPrompt(text: string): string {
  const flat = text.replace(/\s+/gu, ' ').trim()
  if (flat === '') return 'empty prompt'
  const sentences = flat.match(/[^.?!:;]+[.?!:;]*/gu) ?? [flat]
  const last = sentences.findLast((sentence) => /[\p{L}\p{N}]/u.test(sentence)) ?? flat
  return [...last.trim()].slice(0, 60).join('')
}

export function createPromptActions({store, client, deps}: StoreContext): PromptActions {
  let cancelDelay: () => void = () => undefined
  let abort: AbortController | null = null

  const keep = () => {
    const {promptText, systemText, isChat, activeModelPath} = store.getState()
    writePrompt(deps.storage, deps.session, {
      text: promptText,
      system: systemText,
      isChat,
      modelPath: activeModelPath,
    })
  }

  const count = async () => {
    abort?.abort()
    const mine = new AbortController()
    abort = mine
    const state = store.getState()
    const listing = selectActiveListing(state)
    // Before a model is loaded its tokenizer would have to be read for every key stroke.
    if (!listing || !selectLoaded(state, listing.path)) {
      store.setState({promptTokenCount: null})
      return
    }
    const input = selectPromptInput(state)
    if (input.prompt === '') {
      store.setState({promptTokenCount: 0})
      return
    }
    try {
      const {tokens, contextLength} = await client.text.tokenize(
        {...refOfListing(listing), ...input},
        {signal: mine.signal}
      )
      if (abort !== mine) return
      store.setState({promptTokenCount: tokens.ids.length, contextLength})
    } catch {
      // The count is a convenience: Run tells what is wrong with the prompt.
      if (abort === mine) store.setState({promptTokenCount: null})
    }
  }

  const changed = (change: Partial<PromptState>) => {
    store.setState(change)
    keep()
    actions.countTokens()
  }

  const actions: PromptActions = {
    keepPrompt: keep,
    setPromptText: (promptText) => changed({promptText}),
    setSystemText: (systemText) => changed({systemText}),
    setChat: (isChat) => changed({isChat}),
    countTokens() {
      cancelDelay()
      // A count that is still under way is of a text that is no longer there.
      abort?.abort()
      abort = null
      store.setState({promptTokenCount: null})
      cancelDelay = deps.after(COUNT_DELAY_MS, () => void count())
    },
  }
  return actions
}
