import type {Message, Turn} from '../../../shared/lenses/tokens.ts'
import {type MarkedChat, markChat, type RenderMessages} from './marked-chat.ts'

/** Every message costs a rendering of those before it. */
export const MAX_TURN_MESSAGES = 128

/** A turn in UTF-16 units of a text; it starts where the one before it ends. */
interface Segment {
  readonly role: string
  readonly end: number
}

/**
 * Where each turn of a chat stands in the template's text: the message with the words that the template
 * puts around it. They follow one another from the first turn to the end of the text, the generation
 * prompt as an assistant's turn of its own; what a template says before the first turn (a begin token, a
 * default system prompt) is in none. A system message that is merged into another turn belongs to that
 * one. Empty where the text does not tell the turns apart: no span is guessed.
 *
 * Seen by rendering the messages with marks for contents, since templates trim contents, drop parts of
 * them and render the last message otherwise. A turn ends where the rendering of the messages up to it
 * ends, if the whole begins with that; else where the next one starts, if that shows.
 */
export function turnsOf(
  messages: readonly Message[],
  text: string,
  render: RenderMessages
): Turn[] {
  if (messages.length === 0 || messages.length > MAX_TURN_MESSAGES) return []
  const chat = markChat(messages, text, render)
  const turns = chat ? turnsByMarks(chat, text) : turnsByPrefixes(messages, text, render)
  return turns ?? []
}

function turnsByMarks(chat: MarkedChat, text: string): Turn[] | null {
  const {messages, whole} = chat
  const ends = messages.map((_, i) => endOfTurn(i, chat))
  const lastEnd = ends.at(-1) ?? null
  // Without it the last turn and the generation prompt cannot be told apart.
  if (lastEnd === null) return null
  const segments: Segment[] = []
  let start = 0
  for (const end of ends) {
    if (end === null || end === start) continue
    if (end < start) return null
    const inside = messages.filter((_, i) => chat.places[i]! >= start && chat.places[i]! < end)
    // Words before anybody has spoken: they are told from the first turn below.
    if (inside.length === 0 && start === 0) continue
    const role = roleOf(inside)
    if (role === null) return null
    segments.push({role, end})
    start = end
  }
  if (segments.length === 0) return null
  const all = withGenerationPrompt(segments, whole)
  const first = chat.inText(startOfFirst(segments[0]!.role, chat))
  return turnsFrom(
    text,
    first,
    all.map(({role, end}) => ({role, end: chat.inText(end)}))
  )
}

/** For templates whose words depend on the contents: every turn must show its end in the text itself. */
function turnsByPrefixes(
  messages: readonly Message[],
  text: string,
  render: RenderMessages
): Turn[] | null {
  const opening = render([], false)
  const start = opening !== null && text.startsWith(opening) ? opening.length : 0
  const segments: Segment[] = []
  let last = start
  for (const [i, {role}] of messages.entries()) {
    const before = render(messages.slice(0, i + 1), false)
    if (before !== null && text.startsWith(before) && before.length > last) {
      last = before.length
      segments.push({role, end: last})
    } else if (role !== 'system' || i + 1 === messages.length) {
      return null
    }
  }
  return turnsFrom(text, start, withGenerationPrompt(segments, text))
}

/** Where the turn of one message ends in the marked text; null where it does not show. */
function endOfTurn(index: number, chat: MarkedChat): number | null {
  const upTo = chat.messages.slice(0, index + 1)
  // A template that puts the system's words elsewhere shows the other turns without them.
  for (const messages of [upTo, upTo.filter(({role}) => role !== 'system')]) {
    const before = messages.length > 0 ? chat.render(messages, false) : null
    if (before === null || !chat.whole.startsWith(before)) continue
    if (isBetween(index, before.length, chat)) return before.length
  }
  const next = startOf(index + 1, chat)
  return next !== null && isBetween(index, next, chat) ? next : null
}

/** Whether a place parts the contents up to a message from those after it; system's may be anywhere. */
function isBetween(index: number, end: number, {messages, places, marks}: MarkedChat): boolean {
  return messages.every(({role}, i) => {
    const place = places[i]!
    if (place < 0) return true
    if (place < end) return place + marks[i]!.length <= end && (i <= index || role === 'system')
    return i > index || (role === 'system' && i < index)
  })
}

/**
 * Where a message's turn starts in the marked text: before its content by as much as the template puts
 * there in the middle of a chat. Null where it does not.
 */
function startOf(
  index: number,
  chat: MarkedChat,
  role = chat.messages[index]?.role
): number | null {
  const place = chat.places[index] ?? -1
  const head = role !== undefined && place >= 0 ? chat.headOf(role) : null
  return head && chat.whole.slice(0, place).endsWith(head) ? place - head.length : null
}

function startOfFirst(role: string, chat: MarkedChat): number {
  const first = chat.order[0]
  if (first === undefined) return 0
  const start = startOf(first, chat) ?? startOf(first, chat, role)
  if (start !== null) return start
  const opening = chat.render([], false)
  const isOpening = opening !== null && chat.whole.slice(0, chat.places[first]).startsWith(opening)
  return isOpening ? opening.length : 0
}

/** Who speaks in a stretch with these messages; null where it is more than one, or nobody. */
function roleOf(messages: readonly Message[]): string | null {
  const roles = new Set(messages.map(({role}) => role))
  if (roles.size > 1) roles.delete('system')
  return roles.size === 1 ? [...roles][0]! : null
}

/** What follows the last message belongs to whoever answers; mere white space to the last message. */
function withGenerationPrompt(segments: readonly Segment[], text: string): Segment[] {
  const last = segments.at(-1)
  if (!last || last.end === text.length) return [...segments]
  return text.slice(last.end).trim() === ''
    ? [...segments.slice(0, -1), {role: last.role, end: text.length}]
    : [...segments, {role: 'assistant', end: text.length}]
}

function turnsFrom(text: string, start: number, segments: readonly Segment[]): Turn[] {
  const turns: Turn[] = []
  let at = start
  let byteStart = Buffer.byteLength(text.slice(0, start))
  for (const {role, end} of segments) {
    const byteEnd = byteStart + Buffer.byteLength(text.slice(at, end))
    turns.push({role, byteStart, byteEnd})
    at = end
    byteStart = byteEnd
  }
  return turns
}
