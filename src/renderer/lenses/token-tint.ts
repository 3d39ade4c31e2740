import {type TrackScale, tintStep} from '../../shared/figures/tokens/tracks.ts'
import type {ScoredToken} from '../../shared/lenses/tokens.ts'
import {type RunUnits, unitsOfToken} from '../store/unit.ts'

/** How a token's chip is tinted: all of it by one step, or in stretches where it straddles borders. */
export interface ChipTint {
  /** 0 to 4; -1 for none. */
  readonly tint: number
  readonly tints: readonly {readonly share: number; readonly step: number}[] | null
}

/** The tint of a token by its own value, or by those of the units it has parts in. */
export function tokenTint(
  scale: TrackScale,
  token: ScoredToken,
  units: RunUnits | null,
  index: number
): ChipTint {
  if (!units || units.unit.kind === 'token') return {tint: tintStep(scale, token), tints: null}
  const tints = unitsOfToken(units, index).map(({unit, share}) => {
    const scored = units.units[unit]!
    return {share, step: scored.role === 'outside' ? -1 : tintStep(scale, scored)}
  })
  const first = tints[0]?.step ?? -1
  return {tint: first, tints: tints.every(({step}) => step === first) ? null : tints}
}
