import type {Message} from '../../../shared/lenses/tokens.ts'

/**
 * A template's text of some messages, with or without its generation prompt; null where it refuses them
 * or fails.
 */
export type RenderMessages = (
  messages: readonly Message[],
  withGenerationPrompt: boolean
) => string | null

/** A chat with a mark in place of every content, which shows what the template makes of it. */
export interface MarkedChat {
  /** The messages, each with its mark as its content. */
  readonly messages: readonly Message[]
  readonly marks: readonly string[]
  /** The template's text of them, with its generation prompt. */
  readonly whole: string
  /** Where each mark stands in it, in UTF-16 units; −1 for a message that the template leaves out. */
  readonly places: readonly number[]
  /** Messages in the order of their places, without those that are left out. */
  readonly order: readonly number[]
  readonly render: RenderMessages
  /** What stands between a turn and the content of the next of this role; null where that does not show. */
  headOf(role: string): string | null
  /** The same place in the text of the real chat. */
  inText(place: number): number
}

/**
 * Marks a chat. Null where the text is anything but the marked one with the contents, trimmed at most,
 * in place of the marks: then what the marks show may not hold for the text.
 */
export function markChat(
  messages: readonly Message[],
  text: string,
  render: RenderMessages
): MarkedChat | null {
  const marks = marksFor(messages)
  const marked = messages.map(({role}, i) => ({role, content: marks[i]!}))
  const whole = render(marked, true)
  if (whole === null) return null
  const places = marks.map((mark) => whole.indexOf(mark))
  // A content that is said twice is no single stretch.
  if (marks.some((mark, i) => whole.lastIndexOf(mark) !== places[i])) return null
  const order = places.map((_, i) => i).filter((i) => places[i]! >= 0)
  order.sort((a, b) => places[a]! - places[b]!)
  const growths = growthsOf(messages, text, {marks, whole, places, order})
  if (!growths) return null
  const heads = new Map<string, string | null>()
  return {
    messages: marked,
    ...{marks, whole, places, order, render},
    headOf(role) {
      const known = heads.get(role)
      if (known !== undefined) return known
      const head = findHead(role, marks[0]!, render)
      heads.set(role, head)
      return head
    },
    inText: (place) => order.reduce((at, i) => (places[i]! < place ? at + growths[i]! : at), place),
  }
}

/** Letters and digits, which no template trims or escapes, and which the chat does not hold. */
function marksFor(messages: readonly Message[]): string[] {
  let base = 'Qturn'
  while (messages.some(({content, role}) => content.includes(base) || role.includes(base))) {
    base += 'q'
  }
  return messages.map((_, i) => `${base}${i}e`)
}

/** By how much each content in the text is longer than its mark; null where they do not fit. */
function growthsOf(
  messages: readonly Message[],
  text: string,
  {marks, whole, places, order}: Pick<MarkedChat, 'marks' | 'whole' | 'places' | 'order'>
): number[] | null {
  const growths = new Array<number>(messages.length).fill(0)
  let at = order[0] === undefined ? whole.length : places[order[0]]!
  if (text.slice(0, at) !== whole.slice(0, at)) return null
  for (const [turn, i] of order.entries()) {
    const next = order[turn + 1]
    const words = whole.slice(
      places[i]! + marks[i]!.length,
      next === undefined ? whole.length : places[next]!
    )
    const form = formsOf(messages[i]!.content).find((form) =>
      next === undefined ? text.slice(at) === form + words : text.startsWith(form + words, at)
    )
    if (form === undefined) return null
    growths[i] = form.length - marks[i]!.length
    at += form.length + words.length
  }
  return at === text.length ? growths : null
}

const END_OF_THOUGHT = '</think>'

/** A content as templates write it: as it is, trimmed, without the thoughts in front of it. */
function formsOf(content: string): string[] {
  const thoughtEnd = content.lastIndexOf(END_OF_THOUGHT)
  const forms =
    thoughtEnd < 0 ? [content] : [content, content.slice(thoughtEnd + END_OF_THOUGHT.length)]
  return forms.flatMap((form) => {
    const unbroken = form.replace(/^\n+/, '')
    return [
      form,
      form.trim(),
      form.trimStart(),
      form.trimEnd(),
      unbroken,
      unbroken.replace(/\n+$/, ''),
    ]
  })
}

function findHead(role: string, mark: string, render: RenderMessages): string | null {
  const other = role === 'user' ? 'assistant' : 'user'
  for (const roles of [
    [role, role],
    [role, other, role],
    ['user', 'assistant', role],
  ]) {
    const chat = roles.map((speaker, i) => ({role: speaker, content: `${mark}${i}probe`}))
    const earlier = render(chat.slice(0, -1), false)
    const all = render(chat, false)
    if (earlier === null || all === null || !all.startsWith(earlier)) continue
    const at = all.indexOf(chat.at(-1)!.content)
    if (at >= earlier.length) return all.slice(earlier.length, at)
  }
  return null
}
