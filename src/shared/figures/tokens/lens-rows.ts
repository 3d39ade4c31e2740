import type {LogitLensRow} from '../../lenses/logit-lens.ts'
import type {TokensResult} from '../../lenses/tokens.ts'
import {plainGlyphs} from '../token-glyphs.ts'

/** The sentence that stands beside every logit lens (definitions). */
export const LENS_GUARD = 'Logit lens: final norm and head on states never trained for them.'

/** The part of a result that a logit lens is drawn from. */
export type LensInput = Pick<
  TokensResult,
  | 'logitLens'
  | 'logitLensInput'
  | 'position'
  | 'distribution'
  | 'request'
  | 'tokens'
  | 'next'
  | 'tracked'
>

/** One state of the stream, from what enters the first layer to the output. */
export interface LensRow extends LogitLensRow {
  /** Null: what enters the first layer. */
  readonly layer: number | null
  readonly name: string
}

/** The rows from the input to the output, the order in which the model makes them. */
export function lensRowsOf({
  logitLens = [],
  logitLensInput,
}: Pick<LensInput, 'logitLens' | 'logitLensInput'>): LensRow[] {
  const last = logitLens.length - 1
  return [
    ...(logitLensInput ? [{...logitLensInput, layer: null, name: 'input'}] : []),
    ...logitLens.map((row) => ({
      ...row,
      name: row.layer === last ? 'output' : `after L${row.layer}`,
    })),
  ]
}

/** A token followed through the layers; one entry a row in each list. */
export interface LensSeries {
  readonly tokenId: number
  readonly name: string
  /** What it is besides: the output's likeliest, or the token that follows in the text. */
  readonly role: 'output' | 'occurred' | 'tracked'
  readonly probs: readonly number[]
  readonly ranks: readonly number[]
}

/**
 * The followed tokens, each once: the output's likeliest, the one that follows in the text, then those that
 * were chosen.
 */
export function lensSeriesOf(input: LensInput, noPrompt = false): LensSeries[] {
  const rows = lensRowsOf(input)
  const [first] = rows
  if (!first) return []
  const series: Omit<LensSeries, 'name'>[] = []
  const add = (role: LensSeries['role'], pick: (row: LensRow) => LogitLensRow['output']) => {
    const {tokenId} = pick(first)
    if (series.some((other) => other.tokenId === tokenId)) return
    const picked = rows.map(pick)
    series.push({
      tokenId,
      role,
      probs: picked.map(({prob}) => prob),
      ranks: picked.map(({rank}) => rank),
    })
  }
  add('output', (row) => row.output)
  if (first.occurred) add('occurred', (row) => row.occurred!)
  for (const index of (first.tracked ?? []).keys()) add('tracked', (row) => row.tracked![index]!)
  return series.map((entry, index) => ({
    ...entry,
    name: noPrompt ? `token ${index + 1}` : nameOf(entry.tokenId, input, rows),
  }))
}

function nameOf(tokenId: number, input: LensInput, rows: readonly LensRow[]): string {
  const isIt = ({id}: {id: number}) => id === tokenId
  const bytesHex =
    input.tracked?.find((entry) => entry.tokenId === tokenId)?.bytesHex ??
    rows.flatMap(({next}) => next).find(isIt)?.bytesHex ??
    input.tokens.find(isIt)?.bytesHex
  const name = bytesHex ? plainGlyphs({bytesHex, isSpecial: true}) : ''
  return name || `#${tokenId}`
}
