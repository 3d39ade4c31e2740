import type {Problem} from '../domain/problem.ts'
import type {TokenParts} from '../domain/token.ts'
import type {PromptInput, Turn} from '../lenses/tokens.ts'
import {fakeEncode, fakeText} from './fake-language.ts'

/** A prompt as the engine would encode it; what is too long is cut only where that is asked for. */
export function fakeEncodePrompt(
  input: PromptInput,
  contextLength: number
): {
  parts: TokenParts[]
  text: string
  turns: Turn[]
} {
  const {text, turns} = renderFake(input)
  let parts = fakeEncode(text, !input.noSpecialTokens)
  const excess = parts.length - contextLength
  if (excess > 0 && input.truncate === 'left') parts = [parts[0]!, ...parts.slice(excess + 1)]
  if (excess > 0 && input.truncate === 'right') parts = parts.slice(0, contextLength)
  const ids = input.completionIds ?? []
  const completion = ids.flatMap((_, i) => fakeEncode(fakeText(ids.slice(i, i + 1)), false))
  return {parts: [...parts, ...completion], text, turns}
}

/** The text of a prompt; of a chat its messages line by line, each a turn. */
function renderFake({prompt, messages, chat}: PromptInput): {
  text: string
  turns: Turn[]
} {
  if (!messages && !chat) return {text: prompt ?? '', turns: []}
  const all = [...(messages ?? []), ...(prompt ? [{role: 'user', content: prompt}] : [])]
  const turns: Turn[] = []
  let byteStart = 0
  const texts = all.map(({role, content}, i) => {
    const text = i + 1 < all.length ? `${content}\n` : content
    const byteEnd = byteStart + new TextEncoder().encode(text).length
    turns.push({role, byteStart, byteEnd})
    byteStart = byteEnd
    return text
  })
  return {text: texts.join(''), turns}
}

/** What the engine says of a prompt of so many tokens. */
export function fakeTooLong(count: number, contextLength: number): Problem {
  const excess = count - contextLength
  return {
    code: 'prompt-too-long',
    message: `The prompt is ${excess} tokens too long for this model.`,
    field: 'prompt',
    found: `${count} tokens`,
    expected: `at most ${contextLength} tokens`,
    advice: `Shorten it, or cut ${excess} tokens at its start or its end.`,
  }
}
