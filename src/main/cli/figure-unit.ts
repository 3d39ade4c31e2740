import type {Warning} from '../../shared/domain/problem.ts'
import type {FigureOptions} from '../../shared/figures/request.ts'
import type {TokensResult} from '../../shared/lenses/tokens.ts'
import {textOfSequence, type UnitInput} from '../../shared/units/sequence-text.ts'
import type {ResolvedUnit, UnitChoice} from '../../shared/units/unit-choice.ts'
import {matchRegex} from './match-regex.ts'
import {UsageError} from './usage-error.ts'

/**
 * The figure's options with a unit that fits a result: the matches of an expression are found in its
 * whole text, completion included. Throws a Problem for an expression that cannot be read or takes
 * too long, and a UsageError for a pin where there is no token.
 */
export async function figureWithUnit(
  figure: FigureOptions,
  unit: UnitChoice,
  result: TokensResult
): Promise<{figure: FigureOptions; warnings: readonly Warning[]}> {
  const last = result.tokens.length - 1
  const pinned = [...figure.pins, ...figure.pairs.flatMap(({from, to}) => [from, to])]
  const beyond = pinned.find((position) => position > last)
  if (beyond !== undefined) {
    throw new UsageError(`--pin takes positions from 0 to ${last}, not “${beyond}”`)
  }
  const {unit: resolved, warnings} = await resolveUnit(unit, result)
  return {figure: {...figure, unit: resolved}, warnings}
}

/** A unit that fits a result's text, with what is to be known of it. Throws a Problem for an expression that cannot be used. */
export async function resolveUnit(
  unit: UnitChoice,
  result: UnitInput
): Promise<{unit: ResolvedUnit; warnings: readonly Warning[]}> {
  if (unit.kind === 'regex') {
    const {spans, warnings} = await matchRegex(textOfSequence(result), unit)
    const none = spans.length > 0 ? [] : [nothing('unit-no-match', 'The expression has no match')]
    return {unit: {...unit, spans: [...spans]}, warnings: [...warnings, ...none]}
  }
  const warnings: Warning[] = []
  if (unit.kind === 'turn' && !result.turns) {
    warnings.push(nothing('unit-no-turn', 'The prompt is not a chat and has no turns'))
  }
  const byteCount = result.tokens.reduce((end, token) => Math.max(end, token.byteEnd), 0)
  if (unit.kind === 'spans' && unit.spans.some((span) => span.byteEnd > byteCount)) {
    const message = `A span reaches beyond the ${byteCount} bytes of the text; what lies there is left out.`
    warnings.push({code: 'unit-span-beyond', message})
  }
  return {unit, warnings}
}

const nothing = (code: string, reason: string): Warning => ({
  code,
  message: `${reason}, so everything counts as outside.`,
})
