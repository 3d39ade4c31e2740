import type {Problem} from '../../shared/domain/problem.ts'
import {cutText, type TextEnd} from '../../shared/units/cut-text.ts'
import type {StoreContext} from './context.ts'
import {shownProblem} from './context.ts'
import {lineEndsOf, normalizedLineEnds, storedIndex} from './line-ends.ts'
import {selectActiveModel, selectActiveRef} from './models.ts'
import {selectIsChat} from './prompt.ts'
import type {PromptToolsState, WorkbenchState} from './state.ts'

export const initialPromptTools: PromptToolsState = {
  isFindOpen: false,
  importSource: null,
  refusedText: null,
  lineEndNote: null,
}

/** More than so many UTF-8 bytes are not put into the prompt: a text area of that size stops the page. */
export const MOST_PROMPT_BYTES = 500_000

/** Where a text is to go: from and to are indices of what the text area shows. */
export interface TextPlace {
  /** Index of the chat's turn; null for the plain prompt. */
  readonly turn: number | null
  readonly from: number
  readonly to: number
}

export interface PromptToolActions {
  setFindOpen(isOpen: boolean): void
  /** Opens the dialog for prompt lists, with a text that was opened or dropped. */
  openImport(source?: PromptToolsState['importSource']): void
  /**
   * Looks at a text before it gets into the prompt. True where it is too large: then it is kept aside,
   * and what can be done is offered; false where it may go in.
   */
  refuseText(text: string, place: TextPlace, how: 'paste' | 'drop'): boolean
  /** Puts as much of the refused text in as fits the context. */
  takePart(end: TextEnd): Promise<void>
  dismissRefused(): void
  /** Replaces the prompt by a file's text, line ends kept; false where it is too large. */
  loadPromptText(text: string, name: string): boolean
  /** Makes every line of the prompt end in LF. */
  normalizeLineEnds(): void
}

/**
 * Tokens that a place has left beside what stays there; null where that is not known. What is replaced
 * counts as staying unless it is all there is.
 */
function roomCount(state: WorkbenchState, {turn, from, to}: TextPlace): number | null {
  const model = selectActiveModel(state)
  if (!model) return null
  const shownLength = normalizedLineEnds(state.promptText).length
  const isAll = turn === null && from === 0 && to >= shownLength
  return Math.max(0, model.contextLength - (isAll ? 0 : (state.promptTokenCount ?? 0)))
}

function tooLarge(state: WorkbenchState, text: string, how: 'paste' | 'drop' | 'load'): Problem {
  const model = selectActiveModel(state)
  const longest = model?.longestTokenBytes
  const context = model
    ? `; ${model.id} reads ${model.contextLength.toLocaleString('en-US')} tokens at most${
        longest
          ? `, which is at most ${(model.contextLength * longest).toLocaleString('en-US')} bytes`
          : ''
      }`
    : ''
  const done = {paste: 'pasted', drop: 'dropped', load: 'loaded'}[how]
  return {
    code: 'prompt-text-too-large',
    message: `The ${done} text is too large for the prompt.`,
    field: 'prompt',
    found: `${byteCountOf(text).toLocaleString('en-US')} bytes, ${text.length.toLocaleString('en-US')} characters`,
    expected: `at most ${MOST_PROMPT_BYTES.toLocaleString('en-US')} bytes${context}`,
    advice: model
      ? 'Take the first or the last part of it, as much as fits the context.'
      : 'Load a model first, so that a part that fits its context can be taken.',
  }
}

export function createPromptToolActions(context: StoreContext): PromptToolActions {
  const {store, set, change, client} = context
  /** The words of the refused text are large, so they stay out of the state. */
  let refused: {readonly text: string; readonly place: TextPlace} | null = null

  const textAt = ({promptText, turns}: WorkbenchState, turn: number | null) =>
    turn === null ? promptText : (turns[turn]?.content ?? '')

  const insert = ({turn, from, to}: TextPlace, piece: string) => {
    const state = store.getState()
    const stored = textAt(state, turn)
    const text =
      stored.slice(0, storedIndex(stored, from)) + piece + stored.slice(storedIndex(stored, to))
    if (turn === null) change('paste', {promptText: text})
    else {
      change('paste', {
        turns: state.turns.map((other, i) => (i === turn ? {...other, content: text} : other)),
      })
    }
  }

  let stopWatching: () => void = () => undefined
  const refuse = (text: string, place: TextPlace, how: 'paste' | 'drop' | 'load') => {
    const state = store.getState()
    refused = {text, place}
    stopWatching()
    // Whoever goes on with another prompt, or runs this one, has left it.
    stopWatching = store.subscribe((now, before) => {
      const isSame =
        now.promptText === before.promptText &&
        now.turns === before.turns &&
        now.isChat === before.isChat &&
        now.runs === before.runs
      if (!isSame) dismissRefused()
    })
    set({
      refusedText: {
        problem: tooLarge(state, text, how),
        roomCount: roomCount(state, place),
        isCutting: false,
      },
    })
  }

  const dismissRefused = () => {
    stopWatching()
    refused = null
    set({refusedText: null})
  }

  return {
    dismissRefused,
    setFindOpen: (isFindOpen) => set({isFindOpen}),
    openImport: (source = null) =>
      set({importSource: source, dialog: 'import-prompts', dialogNote: null, drawer: null}),
    refuseText(text, place, how) {
      const stored = textAt(store.getState(), place.turn)
      // A text has at least as many bytes as UTF-16 units, and at most three times as many.
      const mostUnits = MOST_PROMPT_BYTES / 3
      const isLarge =
        stored.length + text.length > mostUnits &&
        byteCountOf(stored) + byteCountOf(text) > MOST_PROMPT_BYTES
      if (isLarge) {
        refuse(text, place, how)
        return true
      }
      const note =
        text.includes('\r') && how === 'paste'
          ? 'Line ends of what was pasted are LF now: a text area knows no others.'
          : null
      if (store.getState().lineEndNote !== note) set({lineEndNote: note})
      if (store.getState().refusedText) dismissRefused()
      return false
    },
    async takePart(end) {
      const taken = refused
      const state = store.getState()
      const ref = selectActiveRef(state)
      const model = selectActiveModel(state)
      const room = taken && roomCount(state, taken.place)
      if (!taken || !ref || !model || room === null) return
      set(({refusedText}) => ({refusedText: refusedText && {...refusedText, isCutting: true}}))
      const mostBytes = Math.min(MOST_PROMPT_BYTES, room * (model.longestTokenBytes ?? 16))
      const bytes = cutText(taken.text, end, mostBytes)
      try {
        const prompt = new TextDecoder('utf-8', {ignoreBOM: true}).decode(bytes)
        const {tokens} = await client.text.tokenize({
          ...ref,
          prompt,
          noSpecialTokens: true,
        })
        const piece = pieceOf(prompt, tokens, end, Math.max(0, room - 1))
        if (refused !== taken) return
        insert(taken.place, piece)
        dismissRefused()
      } catch (error) {
        set({refusedText: {problem: shownProblem(error), roomCount: room, isCutting: false}})
      }
    },
    loadPromptText(text, name) {
      const isChat = selectIsChat(store.getState())
      const {promptText} = store.getState()
      if (byteCountOf(text) > MOST_PROMPT_BYTES) {
        refuse(text, {turn: null, from: 0, to: normalizedLineEnds(promptText).length}, 'load')
        return false
      }
      const ends = lineEndsOf(text)
      set({
        lineEndNote:
          ends === 'crlf'
            ? `CRLF of ${name} is kept.`
            : ends === 'mixed'
              ? `Line ends of ${name} are kept as they are.`
              : null,
      })
      change(`load ${name}`, isChat ? {promptText: text, isChat: false} : {promptText: text})
      return true
    },
    normalizeLineEnds() {
      const {promptText, turns} = store.getState()
      set({lineEndNote: null})
      change('make line ends LF', {
        promptText: normalizedLineEnds(promptText),
        turns: turns.some(({content}) => content.includes('\r'))
          ? turns.map((turn) => ({...turn, content: normalizedLineEnds(turn.content)}))
          : turns,
      })
    },
  }
}

/** UTF-8 bytes of a text; without making them. */
function byteCountOf(text: string): number {
  let byteCount = text.length
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 0x7ff) {
      byteCount += 2
      // The two units of a character beyond the basic plane have four bytes together.
      if ((code & 0xfc00) === 0xd800 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) i++
    } else if (code > 0x7f) byteCount += 1
    // Nobody asks how much more it is.
    if (byteCount > 4 * MOST_PROMPT_BYTES) return byteCount
  }
  return byteCount
}

interface Spans {
  readonly byteStarts: Uint32Array
  readonly byteEnds: Uint32Array
}

/** The first or last so many tokens of a text, cut between two characters. */
function pieceOf(text: string, {byteStarts, byteEnds}: Spans, end: TextEnd, count: number): string {
  const total = byteEnds.length
  if (total <= count) return text
  const byteLength = byteEnds[total - 1] ?? 0
  const mostBytes =
    count === 0
      ? 0
      : end === 'first'
        ? byteEnds[count - 1]!
        : byteLength - byteStarts[total - count]!
  return new TextDecoder('utf-8', {ignoreBOM: true}).decode(cutText(text, end, mostBytes))
}
