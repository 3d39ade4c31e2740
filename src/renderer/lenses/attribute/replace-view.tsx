import {tokensOfTable} from '../../../shared/domain/token.ts'
import {tintColor} from '../../../shared/figures/attribution/bars-figure.tsx'
import {tintOf} from '../../../shared/figures/attribution/bars-layout.ts'
import {neutralLevel} from '../../../shared/figures/attribution/value-rows.ts'
import {formatCount, formatProb} from '../../../shared/figures/number-format.ts'
import {glyphsOfTokens, plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import {exp} from '../../../shared/math/exp.ts'
import {selectChanges} from '../../store/attribution-choices.ts'
import type {AttributionTrialEntry} from '../../store/attribution-state.ts'
import {selectInsteadTable} from '../../store/tables.ts'
import {Button} from '../../ui/button.tsx'
import {Chip} from '../../ui/chip.tsx'
import {hasGlyph} from '../has-glyph.ts'
import {usePaneIndex, usePaneRunId, useSelection} from '../use-pane.ts'
import {usePalette} from '../use-theme.ts'
import {type PositionAt, useTokenPointer} from '../use-token-pointer.ts'
import {useActions, useWorkbenchState} from '../use-workbench.ts'
import {EntryChip, TokenSearch} from './token-search.tsx'
import {type PaneAttribution, useTokenNames} from './use-attribution.ts'

const CANDIDATES = 6

/** Tokens changed by hand, and what becomes of the target's probability. */
export function ReplaceView({shown}: {readonly shown: PaneAttribution}) {
  const runId = usePaneRunId()
  const {changes, trials} = useWorkbenchState((state) => ({
    changes: selectChanges(state, runId),
    trials: state.attributionTrials,
  }))
  const key = shown.main?.wish.key
  const own = trials.filter((trial) => trial.runId === runId && trial.key === key)
  const ids = [...changes, ...own.flatMap((trial) => trial.changes)].map(({id}) => id)
  const names = useTokenNames(shown.data.request.model, [...new Set(ids)])
  const nameOf = (id: number) => names.get(id) ?? `#${id}`
  return (
    <div className="replace-place" data-testid="replace-view">
      <div className="replace-text">
        <Context shown={shown} nameOf={nameOf} />
        <Editor shown={shown} />
      </div>
      <div className="replace-side">
        <Outcome shown={shown} trial={own[0] ?? null} isChanged={changes.length > 0} />
        <TrialLog shown={shown} trials={own} nameOf={nameOf} />
      </div>
    </div>
  )
}

type Names = (id: number) => string

function Context({shown, nameOf}: {readonly shown: PaneAttribution; readonly nameOf: Names}) {
  const runId = usePaneRunId()
  const palette = usePalette()
  const {hovered, locked} = useSelection()
  const changes = useWorkbenchState((state) => selectChanges(state, runId))
  const {row, data} = shown
  const end = row?.target.positions[0] ?? 0
  const values = new Map((row?.values ?? []).map(({position, value}) => [position, value]))
  const level = row ? neutralLevel(row, 'per-step') : 0
  const largest = Math.max(0, ...[...values.values()].map((value) => Math.abs(value - level)))
  const changed = new Map(changes.map(({position, id}) => [position, id]))
  const {cells} = glyphsOfTokens(data.tokens.slice(0, end), hasGlyph)
  const positionAt: PositionAt = ({clientX, clientY}) => {
    const element = document.elementFromPoint(clientX, clientY)?.closest('[data-context]')
    return element ? Number(element.getAttribute('data-context')) : null
  }
  const pointer = useTokenPointer(positionAt)
  return (
    <section
      className="context-text"
      aria-label="The context, token by token"
      data-target-place="tokens"
      {...pointer}
    >
      {data.tokens.slice(0, end).map(({position, isSpecial}) => {
        const id = changed.get(position)
        const value = values.get(position)
        return (
          <span
            key={position}
            className={`context-token ${position === locked ? 'on' : ''} ${position === hovered ? 'hovered' : ''}`}
            data-context={position}
          >
            {id !== undefined && <span className="instead mono">{nameOf(id)}</span>}
            <span
              className={id === undefined ? '' : 'struck'}
              style={
                {
                  '--tint':
                    value === undefined
                      ? 'transparent'
                      : tintColor(tintOf(value - level, largest), palette),
                } as React.CSSProperties
              }
            >
              <Chip cells={cells[position]!.slice(0, 40)} isSpecial={isSpecial} />
            </span>
          </span>
        )
      })}
    </section>
  )
}

/** What may stand in place of the locked token. */
function Editor({shown}: {readonly shown: PaneAttribution}) {
  const pane = usePaneIndex()
  const runId = usePaneRunId()
  const {locked} = useSelection()
  const {replaceToken, clearReplacements} = useActions()
  const {changes, table} = useWorkbenchState((state, {captures}) => ({
    changes: selectChanges(state, runId),
    table:
      runId === null || locked === null
        ? undefined
        : selectInsteadTable(state, captures, {runId, position: locked}),
  }))
  const {row, data} = shown
  const end = row?.target.positions[0] ?? 0
  const token = locked === null ? undefined : data.tokens[locked]
  if (!token || locked === null || locked >= end) {
    return <p className="ink-3">Click a token of the context to put another in its place.</p>
  }
  if (token.isInserted) {
    return <p className="ink-3">Token {formatCount(locked)} was inserted by the tokenizer.</p>
  }
  const isChanged = changes.some(({position}) => position === locked)
  return (
    <section className="replace-editor" aria-label="Replacement">
      <div className="replace-head">
        <span>
          In place of <span className="mono strong">{plainGlyphs(token)}</span> at{' '}
          {formatCount(locked)}
        </span>
        {isChanged && (
          <Button look="edge" onPress={() => replaceToken(pane, locked, null)} testId="put-back">
            Put it back
          </Button>
        )}
        {changes.length > 0 && (
          <Button look="edge" onPress={() => clearReplacements(pane)} testId="put-all-back">
            Put all back
          </Button>
        )}
      </div>
      <TokenSearch
        label={`Token in place of ${plainGlyphs(token)}`}
        testId="replacement"
        onChoose={({id}) => replaceToken(pane, locked, id)}
      />
      {table && (
        <div className="token-choices">
          {tokensOfTable(table.tokens)
            .map((entry, i) => ({entry, prob: exp(table.rawLogprobs[i]!)}))
            .filter(({entry}) => entry.id !== token.id)
            .slice(0, CANDIDATES)
            .map(({entry, prob}) => (
              <Button
                key={entry.id}
                onPress={() => replaceToken(pane, locked, entry.id)}
                testId="candidate"
              >
                <EntryChip entry={entry} />
                <span className="ink-3">{formatProb(prob)}</span>
              </Button>
            ))}
        </div>
      )}
    </section>
  )
}

interface OutcomeProps {
  readonly shown: PaneAttribution
  readonly trial: AttributionTrialEntry | null
  readonly isChanged: boolean
}

/** The target's probability as written, hollow, and with the changes, solid. */
function Outcome({shown, trial, isChanged}: OutcomeProps) {
  const {row, result} = shown
  if (!row || !result) return null
  const {target} = row
  const isContrast = target.contrastProb !== null
  const before =
    target.contrastProb === null ? target.prob : target.prob / (target.prob + target.contrastProb)
  const after = isChanged && trial?.outcome.kind === 'completed' ? trial.outcome.result.after : null
  const names = target.tokenIds.map((id, i) => {
    const token = result.tokens[target.positions[i]!]
    const known = token?.id === id ? token : result.tokens.find((one) => one.id === id)
    return known ? plainGlyphs(known) : `#${id}`
  })
  return (
    <section aria-label="The target" data-testid="replace-outcome">
      <h2>
        {isContrast ? 'p(A) / (p(A) + p(B))' : 'p'} of{' '}
        <span className="mono ink-1">{names.join('')}</span> at {formatCount(target.positions[0]!)}
        <span className="end ink-3">raw, temperature 1</span>
      </h2>
      <Bar name="as written" value={before} isHollow />
      {after === null ? (
        <p className="ink-3">
          {trial?.outcome.kind === 'running'
            ? 'Running without and with the change.'
            : 'No token is changed.'}
        </p>
      ) : (
        <Bar name="changed" value={after} />
      )}
      {trial?.outcome.kind === 'failed' && (
        <p role="alert">
          <span className="failed">✕</span> {trial.outcome.problem.message}{' '}
          {trial.outcome.problem.advice}
        </p>
      )}
    </section>
  )
}

function Bar({
  name,
  value,
  isHollow = false,
}: {
  readonly name: string
  readonly value: number
  readonly isHollow?: boolean
}) {
  return (
    <div className="outcome-bar" data-outcome={name} data-value={value}>
      <span>{name}</span>
      <span className="outcome-track">
        <i className={isHollow ? 'hollow' : ''} style={{width: `${Math.max(0.5, value * 100)}%`}} />
      </span>
      <span className="number">{formatProb(value)}</span>
    </div>
  )
}

interface TrialLogProps {
  readonly shown: PaneAttribution
  readonly trials: readonly AttributionTrialEntry[]
  readonly nameOf: Names
}

/** Everything that was tried on this target; a row makes its changes again. */
function TrialLog({shown, trials, nameOf}: TrialLogProps) {
  const pane = usePaneIndex()
  const {repeatReplacement} = useActions()
  if (trials.length === 0) return null
  const {tokens} = shown.data
  return (
    <table className="number-table trial-log" data-testid="replace-log">
      <thead>
        <tr>
          <th scope="col">what was tried</th>
          <th scope="col">as written</th>
          <th scope="col">changed</th>
        </tr>
      </thead>
      <tbody>
        {trials.map(({id, changes, outcome}) => {
          const words = changes
            .map((one) => {
              const token = tokens[one.position]
              return `${formatCount(one.position)} ${token ? plainGlyphs(token) : ''} → ${nameOf(one.id)}`
            })
            .join(', ')
          return (
            <tr key={id} data-trial={id}>
              <th scope="row" className="clip">
                <button
                  type="button"
                  className="text-button mono clip"
                  onClick={() => repeatReplacement(pane, changes)}
                >
                  {words}
                </button>
              </th>
              <td>{outcome.kind === 'completed' ? formatProb(outcome.result.before) : '…'}</td>
              <td>
                {outcome.kind === 'completed'
                  ? formatProb(outcome.result.after)
                  : outcome.kind === 'failed'
                    ? '✕'
                    : '…'}
              </td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}
