import {useMemo} from 'react'
import {formatCount} from '../../../shared/figures/number-format.ts'
import {glyphsOfTokens, plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import {trackScales} from '../../../shared/figures/tokens/tracks.ts'
import type {TokensRun} from '../../../shared/lenses/assemble-tokens.ts'
import type {ScoredToken} from '../../../shared/lenses/tokens.ts'
import {LENSES} from '../../lenses/registry.ts'
import {tokenTint} from '../../lenses/token-tint.ts'
import {useLensTrack} from '../../lenses/use-lens-track.ts'
import {useDataOf} from '../../lenses/use-tokens.ts'
import {useUnitsOf} from '../../lenses/use-units.ts'
import {useActions, useWorkbenchState} from '../../lenses/use-workbench.ts'
import {LIST_VIEW, selectPane} from '../../store/panes.ts'
import {selectInspected} from '../../store/selection.ts'
import {selectVocabularySize} from '../../store/selectors.ts'
import type {RunId} from '../../store/state.ts'
import {Button} from '../../ui/button.tsx'
import {Chip} from '../../ui/chip.tsx'
import {HintArea} from '../../ui/hint-area.tsx'
import {CopyValue} from '../copy-value.tsx'
import {InsteadTable} from '../instead-table.tsx'
import {ListInspector} from '../prompt-list/prompt-list-row.tsx'
import {factsOfToken, occurrencesOf} from './inspector-facts.ts'
import {InspectorPins} from './inspector-pins.tsx'
import {InspectorUnit} from './inspector-unit.tsx'
import {TrackedTable} from './tracked-table.tsx'
import './inspector.css'
import {hasGlyph} from '../../lenses/has-glyph.ts'

/** All that is known of the token under the pointer, else of the locked one. */
export function Inspector() {
  const place = useWorkbenchState((state, {captures}) => selectInspected(state, captures))
  const data = useDataOf(place?.runId ?? null)
  const token = place === null ? undefined : data?.tokens[place.position]
  const isList = useWorkbenchState(
    (state) =>
      state.hovered === null &&
      state.listRows.length > 0 &&
      selectPane(state, state.activePane).view === LIST_VIEW
  )
  const lensId = useWorkbenchState((state) => selectPane(state).lensId)
  const Whole = LENSES.find((lens) => lens.id === lensId)?.WholeInspector
  return (
    <aside className="inspector" aria-label="Inspector" data-testid="inspector">
      {isList ? (
        <ListInspector />
      ) : Whole ? (
        <Whole />
      ) : data && token && place ? (
        <InspectedToken runId={place.runId} data={data} token={token} />
      ) : (
        <section>
          <h2>Inspector</h2>
          <div className="ink-3">
            Point at a token to see its id, bytes and probability. Click to hold it.
          </div>
        </section>
      )}
    </aside>
  )
}

interface InspectedTokenProps {
  readonly runId: RunId
  readonly data: TokensRun
  readonly token: ScoredToken
}

function InspectedToken({runId, data, token}: InspectedTokenProps) {
  const {openCard} = useActions()
  const lensTrack = useLensTrack()
  const units = useUnitsOf(runId)
  const {vocabularySize, isLocked, stripTrack} = useWorkbenchState((state) => ({
    vocabularySize: selectVocabularySize(state, data),
    // What is shown and not pointed at is what is locked.
    isLocked: state.hovered === null,
    stripTrack: state.parameters.stripTrack,
  }))
  const scale = useMemo(() => {
    const isByToken = !units || units.unit.kind === 'token'
    const rows = isByToken ? data.tokens : units.units.filter((unit) => unit.role !== 'outside')
    return trackScales([stripTrack], rows, units?.unit.kind)[0]!
  }, [stripTrack, data.tokens, units])
  const lensId = useWorkbenchState((state) => selectPane(state).lensId)
  const lens = LENSES.find(({id}) => id === lensId)
  const Own = lens?.Inspector
  const own = Own && <Own runId={runId} position={token.position} />
  const cells = glyphsOfTokens([token], hasGlyph).cells[0]!
  const shownCells =
    cells.length > 0 ? cells.slice(0, 40) : [{kind: 'code' as const, text: `#${token.id}`}]
  return (
    <>
      <div className="inspector-head">
        <span className="inspector-chip">
          <Chip
            cells={shownCells}
            isSpecial={token.isSpecial}
            {...(lensTrack
              ? {ground: lensTrack.valueAt(token.position)?.ground ?? 'var(--sunken)'}
              : tokenTint(scale, token, units, token.position))}
            size="large"
          />
        </span>
        <span className="inspected-name">
          <span className="strong" data-testid="inspected">
            token {formatCount(token.position)}
          </span>
          <span className="small ink-3">{isLocked ? 'locked, Esc' : 'pointed at'}</span>
        </span>
        <span className="grow" />
        <Button
          look="quiet"
          onPress={() => openCard({kind: 'place', runId, position: token.position})}
          testId="open-card"
        >
          Card <kbd>I</kbd> <span className="visually-hidden">of this token</span>
        </Button>
      </div>
      {lens?.isInspectorFirst && own}
      <HintArea>
        <dl className="facts-list">
          {factsOfToken(token, vocabularySize).map((fact) => (
            <CopyValue key={fact.name} {...fact} />
          ))}
        </dl>
        <InspectorUnit runId={runId} token={token} />
      </HintArea>
      <InsteadTable runId={runId} token={token} />
      {!lens?.isInspectorFirst && own}
      <TrackedTable runId={runId} data={data} position={token.position} />
      <Occurrences runId={runId} data={data} token={token} />
      <InspectorPins runId={runId} data={data} />
    </>
  )
}

const MOST_PLACES = 12

function Occurrences({runId, data, token}: InspectedTokenProps) {
  const {lock} = useActions()
  const places = occurrencesOf(data.tokens, token.id)
  const shown = places.slice(0, MOST_PLACES)
  const name = plainGlyphs(token)
  return (
    <section>
      <h2>Occurs</h2>
      <div className="occurrences">
        <span>
          {places.length === 1
            ? 'once in this text, at'
            : `${formatCount(places.length)} times in this text, at`}
        </span>
        {shown.map((position) => (
          <button
            key={position}
            type="button"
            aria-label={`${name} at ${position}`}
            aria-current={position === token.position}
            onClick={() => lock(position, runId)}
          >
            {formatCount(position)}
          </button>
        ))}
        {places.length > shown.length && (
          <span className="ink-3">and {formatCount(places.length - shown.length)} more</span>
        )}
      </div>
    </section>
  )
}
