import {formatCount} from '../../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import {TRACK_KINDS} from '../../../shared/figures/tokens/tracks.ts'
import type {TokensRun} from '../../../shared/lenses/assemble-tokens.ts'
import {targetProps} from '../../lenses/target.ts'
import {useActions, useWorkbenchState} from '../../lenses/use-workbench.ts'
import {pinnedPairs, pinnedPositions, selectPins} from '../../store/selection.ts'
import type {Pin, RunId} from '../../store/state.ts'
import {Button} from '../../ui/button.tsx'
import {Chip} from '../../ui/chip.tsx'
import {CloseIcon} from '../../ui/icons.tsx'
import {cellsOf} from '../token-strip/token-cells.ts'
import {trackValueText} from './track-text.ts'

/** What is pinned in a run: a click goes there, the cross takes the pin away. */
export function InspectorPins({runId, data}: {readonly runId: RunId; readonly data: TokensRun}) {
  const {clearPins} = useActions()
  const {pins, track} = useWorkbenchState((state) => ({
    pins: selectPins(state, runId),
    track: state.parameters.stripTrack,
  }))
  if (pins.length === 0) return null
  const positions = pinnedPositions(pins)
  const numberOf = (position: number) => positions.indexOf(position) + 1
  const nameOf = (position: number) => {
    const token = data.tokens[position]
    return token ? plainGlyphs(token) || `#${token.id}` : formatCount(position)
  }
  return (
    <section data-testid="pins">
      <h2>
        Pins<span className="end">{TRACK_KINDS[track].label}</span>
      </h2>
      <ol className="pin-list">
        {positions.map((position, index) => {
          const token = data.tokens[position]
          if (!token) return null
          return (
            <PinRow
              key={position}
              runId={runId}
              pin={{kind: 'token', position}}
              number={String(index + 1)}
              position={position}
              name={`Pin ${index + 1}: ${nameOf(position)} at ${formatCount(position)}, ${trackValueText(track, token)}`}
              removeName={`Remove pin ${index + 1}`}
            >
              <span className="pin-chip">
                <Chip cells={cellsOf(token)} isSpecial={token.isSpecial} size="row" />
              </span>
              <span className="ink-3">{formatCount(position)}</span>
              <span className="end">{trackValueText(track, token)}</span>
            </PinRow>
          )
        })}
        {pinnedPairs(pins).map((pair) => (
          <PinRow
            key={`${pair.from}-${pair.to}`}
            runId={runId}
            pin={pair}
            number=""
            position={pair.to}
            name={`Pair of ${nameOf(pair.from)} at ${formatCount(pair.from)} and ${nameOf(pair.to)} at ${formatCount(pair.to)}`}
            removeName={`Remove the pair of ${formatCount(pair.from)} and ${formatCount(pair.to)}`}
          >
            <span className="clip">
              pair {numberOf(pair.from) || formatCount(pair.from)} →{' '}
              {numberOf(pair.to) || formatCount(pair.to)}
            </span>
            <span className="end ink-3">{formatCount(Math.abs(pair.to - pair.from))} apart</span>
          </PinRow>
        ))}
      </ol>
      <Button look="quiet" onPress={() => clearPins(runId)} testId="clear-pins">
        Clear the pins
      </Button>
    </section>
  )
}

interface PinRowProps {
  readonly runId: RunId
  readonly pin: Pin
  readonly number: string
  /** Where a click goes. */
  readonly position: number
  readonly name: string
  readonly removeName: string
  readonly children: React.ReactNode
}

function PinRow({runId, pin, number, position, name, removeName, children}: PinRowProps) {
  const {lock, togglePin} = useActions()
  return (
    <li>
      <span className="span-number">{number}</span>
      <button
        type="button"
        className="pin-jump"
        aria-label={name}
        onClick={() => lock(position, runId)}
        {...targetProps({kind: 'token', runId, position})}
      >
        {children}
      </button>
      <Button look="icon" aria-label={removeName} onPress={() => togglePin(pin, runId)}>
        <CloseIcon />
      </Button>
    </li>
  )
}
