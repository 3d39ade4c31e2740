import {z} from 'zod'

/**
 * How a response is told to be right:
 * `number`: the number after the last `marker` is the answer; `text`: the response is the answer, white space around
 * either aside; `one-of`: of `options` the one that is named last is the answer; `regex`: `pattern` matches, and where
 * it has a group, what the last match's first group holds is the answer; `script`: a JavaScript function of
 * (response, answer) that gives true.
 */
export const answerCheckerSchema = z.discriminatedUnion('kind', [
  z.object({kind: z.literal('number'), marker: z.string().min(1)}),
  z.object({kind: z.literal('text')}),
  z.object({kind: z.literal('one-of'), options: z.array(z.string().min(1)).min(2)}),
  z.object({kind: z.literal('regex'), pattern: z.string().min(1)}),
  z.object({
    kind: z.literal('script'),
    source: z.string().min(1),
    /** Where it was read, for messages. */
    file: z.string().optional(),
  }),
])
export type AnswerChecker = z.infer<typeof answerCheckerSchema>

/** A number as it is written: a sign, digits with or without commas between thousands, a fraction. */
const NUMBER = /^\s*([-−+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)/u

/** The number that a text begins with, white space aside; null where it begins with none. */
export function numberOf(text: string): number | null {
  const [, digits] = NUMBER.exec(text) ?? []
  return digits === undefined ? null : Number(digits.replaceAll(',', '').replace('−', '-'))
}

/** The number after the last `marker` of a text; null where there is none. */
export function numberAfter(text: string, marker: string): number | null {
  const at = text.lastIndexOf(marker)
  return at < 0 ? null : numberOf(text.slice(at + marker.length))
}

const isPartOfWord = (character: string | undefined) =>
  character !== undefined && /[\p{L}\p{N}\p{M}]/u.test(character)

/** Where an option stands last as words of its own; −1 where it does not. */
function lastPlaceOf(text: string, option: string): number {
  for (let at = text.lastIndexOf(option); at >= 0; at = text.lastIndexOf(option, at - 1)) {
    const isInside =
      isPartOfWord(text[at - 1]) && isPartOfWord(option[0])
        ? true
        : isPartOfWord(option.at(-1)) && isPartOfWord(text[at + option.length])
    if (!isInside) return at
    if (at === 0) break
  }
  return -1
}

/** The option that a text names last, the longest where several end there; null where it names none. */
export function lastOptionOf(text: string, options: readonly string[]): string | null {
  let found: string | null = null
  let foundEnd = -1
  for (const option of options) {
    const at = lastPlaceOf(text, option)
    if (at < 0) continue
    const end = at + option.length
    if (end < foundEnd || (end === foundEnd && option.length < found!.length)) continue
    found = option
    foundEnd = end
  }
  return found
}

/** Whether a checker can tell right from wrong with this answer. */
export function isAnswered({kind}: AnswerChecker, answer: string): boolean {
  return kind === 'regex' || kind === 'script' || answer.trim() !== ''
}

/** What a checker reads as the answer of a response; null where it reads none, or only judges the whole. */
export function answerIn(checker: AnswerChecker, response: string): string | null {
  if (checker.kind === 'number') {
    const found = numberAfter(response, checker.marker)
    return found === null ? null : String(found)
  }
  return checker.kind === 'one-of' ? lastOptionOf(response, checker.options) : null
}

/** Whether a response is right, for the kinds that need no sandbox. */
export function checkAnswer(
  checker: Exclude<AnswerChecker, {kind: 'regex' | 'script'}>,
  response: string,
  answer: string
): boolean {
  switch (checker.kind) {
    case 'number': {
      const found = numberAfter(response, checker.marker)
      return found !== null && found === numberOf(answer)
    }
    case 'text':
      return response.trim() === answer.trim()
    case 'one-of':
      return lastOptionOf(response, checker.options) === answer.trim()
  }
}
