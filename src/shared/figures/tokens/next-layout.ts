import type {TokensResult} from '../../lenses/tokens.ts'
import {formatCount, formatProb, formatSetting} from '../number-format.ts'
import {CHIP_STEP_COUNT, stepOf} from '../palette.ts'
import {fitText, textWidthPx} from '../text-width.ts'
import {type DrawsUncovered, glyphsOfTokens, plainGlyphs} from '../token-glyphs.ts'
import {type ChipRun, layoutChip} from './chip.ts'

/** The part of a result that the next-token table shows. */
export type NextInput = Pick<
  TokensResult,
  | 'next'
  | 'restProb'
  | 'rawRestProb'
  | 'restCount'
  | 'keptCount'
  | 'cutRawProb'
  | 'distribution'
  | 'position'
  | 'tokens'
  | 'request'
>

export interface NextOptions {
  readonly widthPx: number
  readonly noPrompt?: boolean
  readonly drawsUncovered?: DrawsUncovered
  /** Beside the title, in place of which token it comes after. */
  readonly note?: string | undefined
  /** Rows drawn; the others join the rest. All by default. */
  readonly rowCount?: number
}

/** A bar pair: hollow is raw, solid is sampled. Widths in pixels; null is not drawn. */
export interface NextRow {
  /** All other candidates together. */
  readonly isRest: boolean
  /** Null for the rest, and where ids are left out. */
  readonly candidateId: number | null
  readonly yPx: number
  readonly runs: readonly ChipRun[]
  readonly chipWidthPx: number
  /** Tint of its chip, 0 to 4; -1 where it is cut. */
  readonly step: number
  /** In place of a chip. */
  readonly label: string | null
  readonly isCut: boolean
  readonly hollowPx: number | null
  readonly solidPx: number | null
  readonly rawText: string | null
  readonly sampledText: string
}

export interface NextLayout {
  readonly widthPx: number
  readonly heightPx: number
  readonly titleNote: string
  /** At the right of the title; may be empty. */
  readonly hint: string
  readonly hasTwoColumns: boolean
  /** Names of the number columns, left to right, and where their numbers end. */
  readonly columns: readonly {readonly name: string; readonly endPx: number}[]
  readonly barXPx: number
  readonly headerYPx: number
  readonly rows: readonly NextRow[]
  /** The line under the rows: what is kept and cut, and the totals. */
  readonly sum: {
    readonly yPx: number
    readonly text: string
    readonly raw: string | null
    readonly sampled: string
  }
  readonly notes: readonly {readonly yPx: number; readonly text: string}[]
  readonly scaleText: string
  readonly missing: readonly number[]
}

const TITLE_PX = 20
/** Where the note beside the title begins. */
export const TITLE_NOTE_PX = 78
const HEADER_PX = 24
const ROW_PX = 20
const NOTE_PX = 16
const NUMBER_PX = 46
const SAMPLED_PX = 54
const GAP_PX = 10
const LEAST_CHIP_COLUMN_PX = 56
const MOST_CHIP_COLUMN_PX = 128
const LEAST_BAR_PX = 40

/** Which distribution the solid bars show, in words. */
export function distributionText(
  input: Pick<NextInput, 'distribution'> & {
    request: {temperature: number; topP: number}
  }
): string {
  const temperature = `temperature ${formatSetting(input.request.temperature)}`
  switch (input.distribution) {
    case 'raw':
      return 'raw, temperature 1'
    case 'temperature':
      return temperature
    case 'truncated':
      return `${temperature}, then top-p ${formatSetting(input.request.topP)} (truncated)`
  }
}

/**
 * Whether top-p cuts the candidate at `index` of the table; `index` past the last row asks about the
 * rest. What is cut is known by its count: a probability may be 0 by underflow alone.
 */
export function isRowCut(
  input: Pick<NextInput, 'distribution' | 'keptCount' | 'next' | 'restProb'>,
  index: number
): boolean {
  if (input.distribution !== 'truncated') return false
  if (input.keptCount !== null && input.keptCount !== undefined) return index >= input.keptCount
  return (input.next[index]?.prob ?? input.restProb ?? 0) === 0
}

/** The probability of what may occur: never 0, however small it is. */
export function formatPresentProb(prob: number | null | undefined): string {
  return prob === 0 ? '<0.001' : formatProb(prob && Math.max(prob, 1e-9))
}

/** Lays out the table of what may follow; null where there is none. */
export function layoutNext(input: NextInput, options: NextOptions): NextLayout | null {
  if (input.position === null || input.next.length === 0) return null
  const hasTwoColumns = input.distribution !== 'raw'
  const shown = input.next.slice(0, options.rowCount ?? input.next.length)
  const folded = input.next.slice(shown.length)
  const numbersPx = hasTwoColumns ? NUMBER_PX + SAMPLED_PX : NUMBER_PX
  const glyphs = glyphsOfTokens(
    shown.map((token) => ({bytesHex: token.bytesHex, isSpecial: true})),
    options.drawsUncovered
  )
  const restLabel = restName(input, folded.length)
  const mostChipPx = Math.max(
    LEAST_CHIP_COLUMN_PX,
    Math.min(MOST_CHIP_COLUMN_PX, options.widthPx - numbersPx - LEAST_BAR_PX - GAP_PX)
  )
  const chips = glyphs.cells.map((cells, i) =>
    layoutChip(
      cells.length > 0 ? cells : [{kind: 'code' as const, text: `#${shown[i]!.id}`}],
      mostChipPx
    )
  )
  const labelPx = options.noPrompt ? 40 : 0
  const chipColumnPx = Math.min(
    mostChipPx,
    Math.ceil(
      chips.reduce(
        (widest, chip) => Math.max(widest, options.noPrompt ? labelPx : chip.widthPx),
        Math.max(LEAST_CHIP_COLUMN_PX, textWidthPx(restLabel, 13))
      )
    )
  )
  const barXPx = chipColumnPx + GAP_PX
  const barPx = Math.max(8, options.widthPx - numbersPx - barXPx)
  const rawRest =
    (input.rawRestProb ?? Math.max(0, 1 - input.next.reduce((sum, row) => sum + row.rawProb, 0))) +
    folded.reduce((sum, row) => sum + row.rawProb, 0)
  const sampledRest = (input.restProb ?? 0) + folded.reduce((sum, row) => sum + row.prob, 0)
  const longest = shown.reduce(
    (most, row) => Math.max(most, row.prob, row.rawProb),
    Math.max(rawRest, sampledRest, 1e-9)
  )
  const lengthOf = (prob: number) => Math.max(1, (prob / longest) * barPx)
  const topPx = TITLE_PX + HEADER_PX
  // Two columns say what they are below the table: beside the title the token's name needs the room.
  const hint = hasTwoColumns || options.note ? '' : 'raw, temperature 1'
  const noteRoomPx = options.widthPx - TITLE_NOTE_PX - textWidthPx(hint, 11) - 8
  const rows: NextRow[] = shown.map((row, i) => {
    const isCut = isRowCut(input, i)
    return {
      isRest: false,
      candidateId: options.noPrompt ? null : row.id,
      yPx: topPx + i * ROW_PX,
      runs: options.noPrompt ? [] : chips[i]!.runs,
      chipWidthPx: options.noPrompt ? 0 : chips[i]!.widthPx,
      step: isCut ? -1 : stepOf(row.prob, 1, CHIP_STEP_COUNT),
      label: options.noPrompt ? `rank ${i + 1}` : null,
      isCut,
      hollowPx: hasTwoColumns ? lengthOf(row.rawProb) : null,
      solidPx: isCut ? null : lengthOf(row.prob),
      rawText: hasTwoColumns ? formatPresentProb(row.rawProb) : null,
      sampledText: isCut ? 'cut' : formatPresentProb(row.prob),
    }
  })
  const isRestEmpty = input.restCount === 0 && folded.length === 0
  const isRestCut = !isRestEmpty && isRowCut(input, shown.length)
  const restText = isRestEmpty ? formatProb : formatPresentProb
  rows.push({
    isRest: true,
    candidateId: null,
    yPx: topPx + rows.length * ROW_PX,
    runs: [],
    chipWidthPx: 0,
    step: -1,
    label: restLabel,
    isCut: true,
    hollowPx: lengthOf(rawRest),
    solidPx: hasTwoColumns && !isRestCut ? lengthOf(sampledRest) : null,
    rawText: hasTwoColumns ? restText(rawRest) : null,
    sampledText: isRestCut ? 'cut' : restText(hasTwoColumns ? sampledRest : rawRest),
  })
  const sumYPx = topPx + rows.length * ROW_PX
  const noteTexts = hasTwoColumns
    ? [`sampled: ${distributionText(input)}`, 'hollow raw, solid sampled']
    : []
  return {
    widthPx: options.widthPx,
    heightPx: sumYPx + ROW_PX + (noteTexts.length > 0 ? noteTexts.length * NOTE_PX + 4 : 0),
    titleNote: options.note
      ? fitText(options.note, noteRoomPx, 11)
      : titleNote(input, options.noPrompt === true, noteRoomPx),
    hint,
    hasTwoColumns,
    columns: hasTwoColumns
      ? [
          {name: 'raw', endPx: options.widthPx - SAMPLED_PX},
          {name: 'sampled', endPx: options.widthPx},
        ]
      : [{name: 'p', endPx: options.widthPx}],
    barXPx,
    headerYPx: TITLE_PX,
    rows,
    sum: {
      yPx: sumYPx,
      text: sumText(input),
      raw: hasTwoColumns ? '1.000' : null,
      sampled: '1.000',
    },
    notes: noteTexts.map((text, i) => ({
      yPx: sumYPx + ROW_PX + 4 + i * NOTE_PX,
      text: fitText(text, options.widthPx, 11),
    })),
    scaleText: `0 to ${formatProb(longest)}`,
    missing: options.noPrompt ? [] : glyphs.missing,
  }
}

function restName(input: NextInput, foldedCount: number): string {
  if (input.restCount === null || input.restCount === undefined) return 'others'
  return `${formatCount(input.restCount + foldedCount)} others`
}

function titleNote(input: NextInput, noPrompt: boolean, widthPx: number): string {
  const position = input.position!
  const token = input.tokens.find((candidate) => candidate.position === position)
  if (noPrompt || !token) return `after ${formatCount(position)}`
  const at = ` at ${formatCount(position)}`
  const roomPx = widthPx - textWidthPx(`after ${at}`, 11)
  const name = fitText(plainGlyphs(token), roomPx, 11)
  return name && name !== '…' ? `after ${name}${at}` : `after ${formatCount(position)}`
}

/** What top-p keeps and cuts, counted; empty where nothing is cut. */
function sumText(input: NextInput): string {
  if (input.distribution !== 'truncated') return 'sum'
  if (input.keptCount === null || input.keptCount === undefined) return 'sum'
  const total = input.next.length + (input.restCount ?? 0)
  const cutCount = total - input.keptCount
  const cut = `${formatCount(cutCount)} cut, ${formatProb(input.cutRawProb)}`
  return `${formatCount(input.keptCount)} kept; ${cut}`
}
