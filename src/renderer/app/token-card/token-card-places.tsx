import {useMemo} from 'react'
import {formatCount, formatFixed} from '../../../shared/figures/number-format.ts'
import type {TokensRun} from '../../../shared/lenses/assemble-tokens.ts'
import type {ScoredToken} from '../../../shared/lenses/tokens.ts'
import {useActions} from '../../lenses/use-workbench.ts'
import type {RunId} from '../../store/state.ts'
import {CopyValue} from '../copy-value.tsx'
import {statisticsOf} from './card-facts.ts'

export interface CardPlacesProps {
  readonly runId: RunId
  readonly data: TokensRun
  readonly id: number
  /** The one that the card is about; null for an entry of the vocabulary. */
  readonly token: ScoredToken | null
}

const MOST_PLACES = 60

/** Every place where the entry stands in the run, what it cost there, and where that is in the text. */
export function CardPlaces({runId, data, id, token}: CardPlacesProps) {
  const {openCard} = useActions()
  const {tokens} = data
  const places = useMemo(() => tokens.filter((own) => own.id === id), [tokens, id])
  const statistics = useMemo(() => statisticsOf(places), [places])
  if (places.length === 0) {
    return (
      <section data-testid="card-places">
        <h2>Occurs</h2>
        <div className="ink-3">Not in this text.</div>
      </section>
    )
  }
  const shown = places.slice(0, MOST_PLACES)
  return (
    <>
      <section data-testid="card-places">
        <h2>
          Occurs{' '}
          <span className="end">
            {places.length === 1 ? 'once' : `${formatCount(places.length)} times`} in this text
          </span>
        </h2>
        <PlaceRug places={places} count={tokens.length} current={token?.position ?? null} />
        <div className="occurrences">
          <span>at</span>
          {shown.map(({position}) => (
            <button
              key={position}
              type="button"
              aria-label={`Occurrence at ${position}`}
              aria-current={position === token?.position}
              onClick={() => openCard({kind: 'place', runId, position})}
            >
              {formatCount(position)}
            </button>
          ))}
          {places.length > shown.length && (
            <span className="ink-3">and {formatCount(places.length - shown.length)} more</span>
          )}
        </div>
      </section>
      {statistics && places.length > 1 && (
        <section data-testid="card-statistics">
          <h2>
            Surprisal over its places
            <span className="end">
              {formatCount(statistics.count)} of {formatCount(places.length)} have one
            </span>
          </h2>
          <dl className="facts-list">
            <CopyValue
              name="mean"
              text={`${formatFixed(statistics.meanBits, 2)} bits`}
              exact={String(statistics.meanBits)}
              definition="mean-of-places"
            />
            <CopyValue
              name="least"
              text={`${formatFixed(statistics.leastBits, 2)} bits, at ${formatCount(statistics.leastPosition)}`}
              exact={String(statistics.leastBits)}
              definition="least-of-places"
            />
            <CopyValue
              name="most"
              text={`${formatFixed(statistics.mostBits, 2)} bits, at ${formatCount(statistics.mostPosition)}`}
              exact={String(statistics.mostBits)}
              definition="most-of-places"
            />
          </dl>
        </section>
      )}
    </>
  )
}

interface PlaceRugProps {
  readonly places: readonly ScoredToken[]
  readonly count: number
  readonly current: number | null
}

const RUG_PX = 320

/** The sequence as a line with a tick at each place. */
function PlaceRug({places, count, current}: PlaceRugProps) {
  const x = (position: number) =>
    (4 + (position / Math.max(1, count - 1)) * (RUG_PX - 8)).toFixed(1)
  const ticks = places.map(({position}) => `M${x(position)} 3v8`).join('')
  return (
    <svg
      className="place-rug"
      viewBox={`0 0 ${RUG_PX} 16`}
      width={RUG_PX}
      height={16}
      role="img"
      aria-label={`Where it stands in the ${formatCount(count)} tokens of the text`}
    >
      <path d={`M4 11.5H${RUG_PX - 4}`} stroke="var(--line-strong)" />
      <path d={ticks} stroke="var(--ink-2)" />
      {current !== null && (
        <path d={`M${x(current)} 1v13`} stroke="var(--accent)" strokeWidth="2" />
      )}
    </svg>
  )
}
