import type {HeadName} from '../../lenses/attention-maps.ts'
import type {MatrixPicture} from '../../lenses/attention-picture.ts'
import type {ValueNormKind} from '../../lenses/value-norms.ts'
import {formatCount, formatFixed, formatProb} from '../number-format.ts'
import {type GlyphSource, plainGlyphs} from '../token-glyphs.ts'
import type {CaptionPart} from '../tokens/caption.ts'
import {mapName, quantityName} from './map-name.ts'

/** The sentence that stands beside every picture of attention (definitions). */
export const ATTENTION_GUARD = 'Where it looked, not what mattered; test it by masking.'

/** What the probe calls a head, in words. */
export const HEAD_NAME_WORDS: Readonly<Record<HeadName, string>> = {
  induction: 'an induction head',
  'previous-token': 'a previous-token head',
  'duplicate-token': 'a duplicate-token head',
  sink: 'a head that rests on the first token',
}

/** A weight: a probability's decimals, and a sign where it has one. */
export function formatWeight(value: number, isSigned = false): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '∞' : '−∞'
  if (isSigned) {
    const text = formatFixed(value, Math.abs(value) < 0.00995 ? 3 : 2)
    return value > 0 ? `+${text}` : text
  }
  return value > 1 ? formatFixed(value, 2) : formatProb(value)
}

type CaptionInput = Pick<MatrixPicture, 'map' | 'row' | 'probeName'> & {
  /** Its weight is null while it is being asked for. */
  readonly cell: {
    readonly query: number
    readonly key: number
    readonly weight: number | null
    readonly isHidden?: boolean
  } | null
  readonly tokens: readonly GlyphSource[]
  /** What the values of a value-weighted map count by; absent before it is known. */
  readonly valueNorms?: ValueNormKind | undefined
}

/**
 * One line that says what there is to see: the lit weight; else what the selected token reads; else what the
 * matrix is of.
 */
export function matrixCaptionOf(input: CaptionInput, noPrompt = false): CaptionPart[] {
  const {map, row, cell, probeName, tokens, valueNorms} = input
  const parts: CaptionPart[] = []
  const isSigned = map.kind === 'difference'
  const words = (text: string) => {
    const last = parts.at(-1)
    if (last?.kind === 'words') parts[parts.length - 1] = {kind: 'words', text: last.text + text}
    else parts.push({kind: 'words', text})
  }
  const token = (position: number) => {
    const source = tokens[position]
    if (noPrompt || !source) words(`token ${formatCount(position)}`)
    else {
      parts.push({kind: 'token', text: plainGlyphs(source) || '∅'})
      words(` at ${formatCount(position)}`)
    }
  }
  if (cell) {
    const quantity = quantityName(map, valueNorms)
    const weight = cell.weight === null ? '…' : formatWeight(cell.weight, isSigned)
    words(`${quantity[0]!.toUpperCase()}${quantity.slice(1)} ${weight} (`)
    words(map.kind === 'head' ? `layer ${map.layer}, head ${map.head}` : mapName(map))
    words(', from ')
    token(cell.query)
    words(' to ')
    token(cell.key)
    words(cell.isHidden ? '); hidden by the filters.' : ').')
    return parts
  }
  words(mapName(map))
  if (valueNorms === 'basis-dependent') words(', basis-dependent')
  if (probeName) {
    const {name, score} = probeName
    words(`, ${HEAD_NAME_WORDS[name]} by the random-repeat probe (${formatFixed(score, 2)})`)
  }
  if (!row || row.keys.length === 0) {
    words('.')
    return parts
  }
  words(': ')
  token(row.query)
  words(isSigned ? ' differs most at ' : ' reads ')
  const [first] = row.keys
  const shown = row.keys
    .slice(0, MOST_NAMED)
    .filter(({weight}) => Math.abs(weight) >= LEAST_NAMED_SHARE * Math.abs(first!.weight))
  for (const [i, {key, weight}] of shown.entries()) {
    if (i > 0) words(i === shown.length - 1 ? ' and ' : ', ')
    token(key)
    words(` (${formatWeight(weight, isSigned)})`)
  }
  words('.')
  return parts
}
const MOST_NAMED = 3
/** Of the heaviest; what is lighter is not worth a word. */
const LEAST_NAMED_SHARE = 0.1
