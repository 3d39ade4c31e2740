import type {TextCutter} from './text-cutter.ts'
import type {EncodeOptions} from './tokenizer.ts'

/** Where a text is cut in two, in UTF-16 units, and for whom that may change tokens. */
export interface SafeCut {
  readonly at: number
  /** Cutters of which a token may have spanned the place. */
  readonly doubtful: readonly TextCutter[]
}

/** Characters at the end that are left for what a tokenizer looks ahead to. */
const MARGIN = 256
/** How far back a place is looked for, and how many are tried. */
const REACH = 64 * 1024
const MAX_TRIES = 24

/**
 * A place near the end of a text at which every tokenizer cuts, whatever follows: no entry has the two
 * bytes around it side by side, and the text around it gives the same tokens in two parts as in one. Line
 * ends are tried first, then white space, then any place; failing all, the one with the fewest doubts.
 */
export async function findSafeCut(
  text: string,
  cutters: readonly TextCutter[],
  options: EncodeOptions
): Promise<SafeCut> {
  let best: SafeCut | null = null
  let tries = 0
  for (const at of candidates(text)) {
    const doubtful: TextCutter[] = []
    for (const cutter of cutters) {
      if (!(await isSafe(text, at, cutter, options))) doubtful.push(cutter)
    }
    if (!best || doubtful.length < best.doubtful.length) best = {at, doubtful}
    if (doubtful.length === 0 || ++tries >= MAX_TRIES) break
  }
  return best ?? {at: wholeCharacter(text, text.length - MARGIN), doubtful: cutters}
}

function* candidates(text: string): Generator<number> {
  const last = text.length - MARGIN
  const first = Math.max(1, last - REACH)
  // A third of the tries for each kind, so that one kind that never works leaves the others some.
  for (const kind of ['line', 'space', 'any'] as const) {
    let count = 0
    for (let at = last; at > first && count < MAX_TRIES / 3; at--) {
      if (!isPlace(text, at, kind)) continue
      yield at
      count++
      if (kind === 'any') at -= 16
    }
  }
}

const isSpace = (character: string) => /\s/.test(character)

function isPlace(text: string, at: number, kind: 'line' | 'space' | 'any'): boolean {
  const left = text[at - 1]!
  const right = text[at]!
  if (isTrail(right)) return false
  if (kind === 'any') return !isSpace(left) && !isSpace(right)
  // After a line, before one, or before a space; never inside a run of white space.
  const [mark, other] = left === '\n' ? [left, right] : [right, left]
  const isMark = kind === 'line' ? mark === '\n' : mark === ' ' && mark === right
  return isMark && !isSpace(other) && !isSpace(text[at - 2] ?? 'x') && !isSpace(text[at + 1] ?? 'x')
}

/** The second half of a character of two units. */
const isTrail = (unit: string) => unit >= '\udc00' && unit <= '\udfff'

function wholeCharacter(text: string, at: number): number {
  const place = Math.max(1, at)
  return isTrail(text[place] ?? '') ? place - 1 : place
}

async function isSafe(
  text: string,
  at: number,
  cutter: TextCutter,
  {parseSpecial}: EncodeOptions
): Promise<boolean> {
  const from = wholeCharacter(text, at - MARGIN)
  const to = wholeCharacter(text, Math.min(text.length, at + MARGIN))
  const before = Buffer.from(text.slice(from, at))
  const after = Buffer.from(text.slice(at, to))
  if (cutter.mayJoin(before.at(-1)!, after[0]!)) return false
  const idsOf = async (part: string) => {
    const {table} = await cutter.encode(part, {
      parseSpecial: parseSpecial === true,
      isContinued: true,
    })
    return table.ids
  }
  const whole = await idsOf(text.slice(from, to))
  const parts = [...(await idsOf(text.slice(from, at))), ...(await idsOf(text.slice(at, to)))]
  return whole.length === parts.length && parts.every((id, i) => id === whole[i])
}
