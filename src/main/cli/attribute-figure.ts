import type {Warning} from '../../shared/domain/problem.ts'
import {rowsOfResult} from '../../shared/figures/attribution/value-rows.ts'
import type {CommonFigureOptions} from '../../shared/figures/request.ts'
import {
  type AttributeResult,
  type AttributionMethod,
  attributionMethodSchema,
} from '../../shared/lenses/attribute.ts'
import {
  type AttributionPicture,
  type AttributionScores,
  attributionScoresSchema,
  type BesideMethod,
} from '../../shared/lenses/attribution-picture.ts'
import {TOKEN_UNIT, type UnitChoice} from '../../shared/units/unit-choice.ts'
import {parseUnitFlag, UNIT_FLAG_FORMS} from '../../shared/units/unit-flag.ts'
import type {AttributeFigureFlags} from './attribute-figure-flags.ts'
import {readCommonFigure} from './common-figure.ts'
import {resolveUnit} from './figure-unit.ts'
import {LIMITS, parseLimited} from './flag-limits.ts'
import {parseChoice} from './flag-values.ts'
import {UsageError} from './usage-error.ts'

/** What is to be drawn and how. */
export interface AttributeFigureCall {
  /** JSON and CSV are the figure's own too. */
  readonly isAsked: boolean
  readonly view: 'bars' | 'heat-map' | null
  readonly scores: AttributionScores
  readonly unit: UnitChoice
  readonly row: number
  readonly rowLimit: number
  readonly beside: readonly AttributionMethod[]
  readonly position: number | null
  readonly options: CommonFigureOptions
}

const MOST_ROWS = {whole: true, min: 4, max: 10_000} as const
const WHOLE = {whole: true, min: 0} as const
const ROWS = 60

/** Reads the flags of the figure. Throws a UsageError. */
export function readAttributeFigure(
  flags: AttributeFigureFlags & {noPrompt?: boolean}
): AttributeFigureCall {
  return {
    isAsked: flags.view !== undefined,
    view:
      flags.view === undefined
        ? null
        : parseChoice<'bars' | 'heat-map'>(flags.view, '--view', ['bars', 'heat-map']),
    scores:
      flags.scores === undefined
        ? 'per-step'
        : parseChoice(flags.scores, '--scores', attributionScoresSchema.options),
    unit: readUnit(flags.unit),
    row: flags.row === undefined ? 0 : parseLimited(flags.row, '--row', WHOLE),
    rowLimit: flags.rows === undefined ? ROWS : parseLimited(flags.rows, '--rows', MOST_ROWS),
    beside: (flags.beside?.split(',') ?? []).map((name) =>
      parseChoice(name.trim(), '--beside', attributionMethodSchema.options)
    ),
    position:
      flags.position === undefined
        ? null
        : parseLimited(flags.position, '--position', LIMITS.position),
    options: readCommonFigure(flags),
  }
}

function readUnit(flag: string | undefined): UnitChoice {
  if (flag === undefined) return TOKEN_UNIT
  const unit = parseUnitFlag(flag)
  if (!unit) throw new UsageError(`--unit takes ${UNIT_FLAG_FORMS}, not “${flag}”`)
  return unit
}

/** What is drawn of a result: a heat map of several targets unless bars are asked for. */
export async function attributePicture(
  result: AttributeResult,
  figure: AttributeFigureCall,
  beside: readonly BesideMethod[]
): Promise<{picture: AttributionPicture; warnings: readonly Warning[]}> {
  const {scores, row, rowLimit, position} = figure
  const view = figure.view ?? (result.rows ? 'heat-map' : 'bars')
  if (view === 'heat-map') return {picture: {view, scores}, warnings: []}
  const rowCount = rowsOfResult(result).length
  if (row >= Math.max(1, rowCount)) {
    throw new UsageError(`--row takes targets from 0 to ${rowCount - 1}, not “${row}”`)
  }
  const {unit, warnings} = await resolveUnit(figure.unit, result)
  return {
    picture: {
      ...{view, row, scores, unit, rowLimit, selected: position},
      beside: [...beside],
    },
    warnings,
  }
}
