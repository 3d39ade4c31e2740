import type {Message} from '../lenses/tokens.ts'
import type {ListCollector, ListRow} from './parsed-list.ts'

/** Keys that are read, the first that is there. */
export const PROMPT_KEYS = ['prompt', 'text', 'question', 'input', 'messages']
export const ANSWER_KEYS = ['answer', 'completion', 'target', 'expected', 'output']
export const SYSTEM_KEYS = ['system']
export const RESPONSE_KEYS = ['response']

/** One JSON object a line: `{prompt | text | messages, answer, response, system}`; a string is a prompt. */
export function parseJsonl(lines: readonly string[], collector: ListCollector): void {
  for (const [i, text] of lines.entries()) {
    const line = i + 1
    if (text.trim() === '') {
      collector.skip(line, 'is empty')
      continue
    }
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      collector.skip(line, 'is not JSON')
      continue
    }
    const row = parseEntry(value)
    if (typeof row === 'string') collector.skip(line, row)
    else collector.add({...row, line})
  }
}

type JsonRow = Pick<ListRow, 'prompt' | 'messages' | 'answer' | 'response'>

/** The row of one JSON value, or why there is none. */
export function parseEntry(value: unknown): JsonRow | string {
  if (typeof value === 'string') {
    return value === '' ? 'has an empty prompt' : {prompt: value, messages: null, answer: null}
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return 'is not an object'
  }
  const fields = value as Record<string, unknown>
  const answerKey = ANSWER_KEYS.find((key) => fields[key] !== undefined && fields[key] !== null)
  const answer = answerKey === undefined ? null : textOf(fields[answerKey])
  if (answer === undefined) return `has a “${answerKey}” that is no text`
  const responseKey = RESPONSE_KEYS.find((key) => fields[key] !== undefined && fields[key] !== null)
  const given = responseKey === undefined ? null : textOf(fields[responseKey])
  if (given === undefined) return `has a “${responseKey}” that is no text`
  const response = given === null ? {} : {response: given}
  const key = PROMPT_KEYS.find((name) => fields[name] !== undefined)
  if (key === undefined) return 'has no “prompt”, “text” or “messages”'
  if (key === 'messages') {
    const messages = messagesOf(fields.messages)
    if (typeof messages === 'string') return messages
    return {prompt: wordsOf(messages), messages, answer, ...response}
  }
  const prompt = textOf(fields[key])
  if (prompt === undefined) return `has a “${key}” that is no text`
  if (prompt === '') return 'has an empty prompt'
  const systemKey = SYSTEM_KEYS.find((name) => typeof fields[name] === 'string')
  const messages = chatOf(prompt, systemKey && String(fields[systemKey]))
  return {prompt, messages, answer, ...response}
}

/** A text or a number as text; undefined for anything else. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined
}

function messagesOf(value: unknown): readonly Message[] | string {
  if (!Array.isArray(value) || value.length === 0) return 'has “messages” that are no list of turns'
  const messages: Message[] = []
  for (const [i, turn] of value.entries()) {
    const {role, content} = (turn ?? {}) as Record<string, unknown>
    if (typeof role !== 'string' || typeof content !== 'string') {
      return `has a turn ${i + 1} without a role and a text`
    }
    messages.push({role, content})
  }
  return messages
}

/** The turn that a chat is known by. */
export function wordsOf(messages: readonly Message[]): string {
  return messages.findLast(({content}) => content.trim() !== '')?.content ?? ''
}

/** A system turn before the prompt makes it a chat. */
export function chatOf(prompt: string, system: string | undefined): readonly Message[] | null {
  if (system === undefined || system.trim() === '') return null
  return [
    {role: 'system', content: system},
    {role: 'user', content: prompt},
  ]
}
