/** A word problem of the evaluation files. */
export interface WordProblem {
  readonly id: string
  readonly prompt: string
  readonly answer: string
  readonly steps: readonly {
    readonly before: number
    readonly operation: 'add' | 'subtract'
    readonly number: number
    readonly after: number
  }[]
}

/** What is wrong in the first wrong step, and the token of the response that it is wrong from. */
export interface FirstWrong {
  readonly kind: 'plan' | 'number' | 'sum' | 'missing' | 'extra'
  readonly token: number
}

/** A step as the model writes it, with where its parts stand in bytes. */
const STEP =
  /(?:So|Then) we (?<operation>add|subtract)\. (?<before>\d+) (?<sign>[+-]) (?<number>\d+) = (?<after>\d+)\.(?: No: (?<mended>\d+)\.)?/dgu

/** Where a response to a word problem first goes wrong, by its generator's own steps. */
export function firstWrongOf(
  {steps}: WordProblem,
  tokens: readonly Uint8Array[]
): {readonly firstWrong: FirstWrong | null; readonly firstWrongNumber: number | null} {
  const text = Buffer.concat(tokens).toString('latin1')
  const tokenAt = (offset: number) => {
    let end = 0
    for (const [i, bytes] of tokens.entries()) {
      end += bytes.length
      if (offset < end) return i
    }
    return tokens.length - 1
  }
  let firstWrong: FirstWrong | null = null
  let firstWrongNumber: number | null = null
  const wrong = (kind: FirstWrong['kind'], offset: number) => {
    firstWrong ??= {kind, token: tokenAt(offset)}
    if (kind === 'number' || kind === 'sum') firstWrongNumber ??= tokenAt(offset)
  }
  /** The first digit that differs. */
  const differsAt = (found: string, expected: number, start: number) => {
    const digits = String(expected)
    let i = 0
    while (i < found.length && found[i] === digits[i]) i++
    return start + Math.min(i, found.length - 1)
  }
  const written = [...text.matchAll(STEP)]
  for (const [i, match] of written.entries()) {
    const places = match.indices!.groups!
    const {operation, before, number, after, mended} = match.groups!
    const step = steps[i]
    if (!step) {
      wrong('extra', match.index)
      break
    }
    if (operation !== step.operation) wrong('plan', places.operation![0])
    for (const [found, expected, place] of [
      [before!, step.before, places.before!],
      [number!, step.number, places.number!],
    ] as const) {
      if (Number(found) !== expected) wrong('number', differsAt(found, expected, place[0]))
    }
    const result = mended ?? after!
    const place = mended === undefined ? places.after! : places.mended!
    if (Number(result) !== step.after) wrong('sum', differsAt(result, step.after, place[0]))
  }
  if (written.length < steps.length && !firstWrong) {
    const last = written.at(-1)
    wrong('missing', last ? last.index + last[0].length : 0)
  }
  return {firstWrong, firstWrongNumber}
}
