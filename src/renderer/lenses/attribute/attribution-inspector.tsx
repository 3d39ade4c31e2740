import {METHOD_NAMES, quantityOf} from '../../../shared/figures/attribution/words.ts'
import {
  formatCount,
  formatFixed,
  formatMany,
  NO_VALUE,
} from '../../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import type {AttributionRow} from '../../../shared/lenses/attribute.ts'
import {Button} from '../../ui/button.tsx'
import type {LensInspectorProps} from '../lens.ts'
import {targetProps} from '../target.ts'
import {useActions, useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {besideMethods, selectPaneAttribution} from './use-attribution.ts'
import {valueHint} from './value-hint.ts'

/** What the inspected token is worth to the target that the active pane explains, exact. */
export function AttributionInspector({runId, position}: LensInspectorProps) {
  const {store, captures} = useWorkbench()
  const {setAttributionTarget, lock} = useActions()
  useWorkbenchState((state) => ({
    jobs: state.attributionJobs,
    targets: state.attributionTargets,
    choice: state.attributionChoice,
    panes: state.panes,
    locks: state.locks,
  }))
  const state = store.getState()
  const shown = selectPaneAttribution(state, captures, state.activePane)
  if (!shown?.main || shown.main.wish.runId !== runId) return null
  const {row, result, data} = shown
  const token = data.tokens[position]
  if (!row || !result || !token) return null
  const {scores} = state.attributionLooks
  const entry = row.values.find((value) => value.position === position)
  const released = row.released?.find((value) => value.position === position)
  const isTarget = row.target.positions.includes(position)
  return (
    <section data-testid="attribution-inspector" data-position={position}>
      <h2>
        {METHOD_NAMES[result.method]}
        <span className="end" data-hint={valueHint(result.method, 'per-step')}>
          {quantityOf(result.method, 'per-step')}
        </span>
      </h2>
      {isTarget ? (
        <p className="ink-3">This is what is explained.</p>
      ) : entry ? (
        <table className="number-table fact-table">
          <thead>
            <tr>
              <th scope="col">of {formatMany(row.values.length, 'token')}</th>
              <th scope="col">value</th>
              <th scope="col">rank</th>
            </tr>
          </thead>
          <tbody>
            <Fact
              name="value"
              value={formatFixed(entry.value, 4)}
              exact={entry.value}
              rank={rankOf(row, entry.value)}
            />
            <Fact
              name="10th to 90th"
              hint="attribution-range"
              value={
                entry.low === null || entry.high === null
                  ? NO_VALUE
                  : `${formatFixed(entry.low, 2)} to ${formatFixed(entry.high, 2)}`
              }
            />
            {released && (
              <Fact
                name="released s"
                hint="attribution-released"
                value={formatFixed(released.value, 4)}
                exact={released.value}
              />
            )}
            {besideMethods(shown.beside).map(({method, row: other}) => {
              const value = other.values.find((one) => one.position === position)?.value
              return (
                <Fact
                  key={method}
                  name={METHOD_NAMES[method]}
                  hint={valueHint(method, 'per-step')}
                  isWrapped
                  value={value === undefined ? NO_VALUE : formatFixed(value, 4)}
                  exact={value}
                  rank={value === undefined ? undefined : rankOf(other, value)}
                />
              )
            })}
          </tbody>
        </table>
      ) : (
        <p className="ink-3">
          {token.isSpecial || token.isInserted
            ? 'Inserted and special tokens are never replaced, so it has no value.'
            : position < (row.target.positions[0] ?? 0)
              ? 'It has no value yet.'
              : 'It does not stand before the target.'}
        </p>
      )}
      {position > 0 && !isTarget && (
        <Button
          look="edge"
          onPress={() => setAttributionTarget(runId, {kind: 'token', position})}
          testId="explain-this"
        >
          Explain this token <kbd>E</kbd>
        </Button>
      )}
      {row.rationale.length > 0 && (
        <>
          <h2>
            Rationale
            <span className="end">
              {formatCount(row.rationale.length)} of {formatMany(row.values.length, 'token')}
            </span>
          </h2>
          <div className="rationale" data-scores={scores}>
            {row.rationale.map((at) => (
              <button
                key={at}
                type="button"
                className="mono"
                aria-label={`${plainGlyphs(data.tokens[at]!)} at ${at}`}
                onClick={() => lock(at, runId)}
                {...targetProps({kind: 'token', runId, position: at})}
              >
                {plainGlyphs(data.tokens[at]!)}
              </button>
            ))}
          </div>
        </>
      )}
    </section>
  )
}

function rankOf(row: Pick<AttributionRow, 'values'>, value: number): number {
  return 1 + row.values.filter((one) => one.value > value).length
}

interface FactProps {
  readonly name: string
  readonly value: string
  readonly exact?: number | undefined
  /** From 1. */
  readonly rank?: number | undefined
  /** A long name takes two lines rather than being cut. */
  readonly isWrapped?: boolean
  /** Name of a definition. */
  readonly hint?: string | undefined
}

function Fact({name, value, exact, rank, isWrapped = false, hint}: FactProps) {
  return (
    <tr data-fact={name} data-exact={exact ?? ''}>
      <th scope="row" className={isWrapped ? 'wrapped' : 'clip'} data-hint={hint}>
        {name}
      </th>
      <td
        {...(exact === undefined
          ? {}
          : targetProps({kind: 'value', name, exact: String(exact), definition: null}))}
      >
        {value}
      </td>
      <td className="ink-3">{rank === undefined ? '' : `#${formatCount(rank)}`}</td>
    </tr>
  )
}
