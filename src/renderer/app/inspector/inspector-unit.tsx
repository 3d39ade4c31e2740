import {formatCount, formatFixed} from '../../../shared/figures/number-format.ts'
import type {ScoredToken} from '../../../shared/lenses/tokens.ts'
import {UNIT_NAMES} from '../../../shared/units/unit-words.ts'
import {useUnitsOf} from '../../lenses/use-units.ts'
import type {RunId} from '../../store/state.ts'
import {type RunUnits, type TokenPiece, unitsOfToken} from '../../store/unit.ts'
import {CopyValue} from '../copy-value.tsx'
import {trackValueText} from './track-text.ts'
import {shareOfUnit, unitGlyphs} from './unit-facts.ts'

const MOST_PIECES = 8

/** The unit that the inspected token lies in, with what it comes to and what the token has of it. */
export function InspectorUnit({
  runId,
  token,
}: {
  readonly runId: RunId
  readonly token: ScoredToken
}) {
  const units = useUnitsOf(runId)
  if (!units || units.unit.kind === 'token') return null
  const pieces = unitsOfToken(units, token.position)
  const {one, many} = UNIT_NAMES[units.unit.kind]
  if (pieces.length === 1) return <OneUnit units={units} piece={pieces[0]!} token={token} />
  return (
    <section data-testid="inspector-unit">
      <h2>
        In {formatCount(pieces.length)} {many}
        <span className="end">by its bytes</span>
      </h2>
      <table className="number-table">
        <thead>
          <tr>
            <th scope="col">{one}</th>
            <th scope="col">of the token</th>
            <th scope="col">sum, bits</th>
          </tr>
        </thead>
        <tbody>
          {pieces.slice(0, MOST_PIECES).map(({unit, share}) => (
            <tr key={unit}>
              <th scope="row" className="mono clip">
                {unitGlyphs(units, unit, 12)}
              </th>
              <td>{formatFixed(share * 100, 0)} %</td>
              <td>{formatFixed(units.units[unit]!.surprisalBits, 2)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {pieces.length > MOST_PIECES && (
        <div className="small ink-3">{formatCount(pieces.length - MOST_PIECES)} more</div>
      )}
    </section>
  )
}

interface OneUnitProps {
  readonly units: RunUnits
  readonly piece: TokenPiece
  readonly token: ScoredToken
}

function OneUnit({units, piece, token}: OneUnitProps) {
  const unit = units.units[piece.unit]!
  const {one} = UNIT_NAMES[units.unit.kind]
  const title =
    unit.role === 'outside'
      ? 'Outside'
      : unit.role === 'special'
        ? 'A unit of its own'
        : `Its ${unit.name === null ? one : `turn, ${unit.name}`}`
  const {firstPosition, lastPosition} = unit
  const share = shareOfUnit(token, unit, piece.share)
  return (
    <section data-testid="inspector-unit">
      <h2>
        {title}
        <span className="end">
          {firstPosition === lastPosition
            ? `token ${formatCount(firstPosition)}`
            : `tokens ${formatCount(firstPosition)} to ${formatCount(lastPosition)}`}
        </span>
      </h2>
      <div className="unit-quote mono">{unitGlyphs(units, piece.unit, 96)}</div>
      <dl className="facts-list">
        <CopyValue
          name="surprisal, sum"
          text={trackValueText('surprisal', unit)}
          exact={unit.surprisalBits === null ? null : String(unit.surprisalBits)}
          definition="sum"
        />
        <CopyValue
          name="this token’s"
          text={
            share === null
              ? '—'
              : `${formatFixed(share.bits, 2)} bits${share.part === null ? '' : `, ${formatFixed(share.part * 100, 0)} %`}`
          }
          exact={share === null ? null : String(share.bits)}
          definition="share-of-unit"
        />
        <CopyValue
          name="entropy, mean"
          text={trackValueText('entropy', unit)}
          exact={unit.entropyBits === null ? null : String(unit.entropyBits)}
          definition="mean"
        />
        <CopyValue
          name="rank, worst"
          text={trackValueText('rank', unit)}
          exact={unit.rank === null ? null : String(unit.rank + 1)}
          definition="worst"
        />
      </dl>
    </section>
  )
}
