import {formatCount, formatFixed, formatProb} from '../../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import type {TokensRun} from '../../../shared/lenses/assemble-tokens.ts'
import type {InterveneResult} from '../../../shared/lenses/intervene.ts'
import {selectTrials, type Trial} from '../../store/attention-trials.ts'
import {Button} from '../../ui/button.tsx'
import {usePaneRunId} from '../use-pane.ts'
import {useRunData} from '../use-tokens.ts'
import {useActions, useWorkbenchState} from '../use-workbench.ts'
import {trialCommand, trialRows, whatChanged, whereChanged} from './trial-words.ts'

const TABLE_ROWS = 8

/** What follows without and with a change inside the model, and everything that was tried. */
export function TrialPanel() {
  const runId = usePaneRunId()
  const data = useRunData()
  const {trials, shownId} = useWorkbenchState((state) => ({
    trials: state.trials,
    shownId: state.shownTrialId,
  }))
  if (!data) return null
  const own = selectTrials({trials}, runId)
  const shown = own.find(({id}) => id === shownId) ?? own[0]
  if (!shown) {
    return (
      <p className="ink-3">
        Nothing was tried yet. Click a weight, then mask what it reads (M), cut the edge (X) or
        switch the head off (O).
      </p>
    )
  }
  return (
    <section className="trials" aria-label="Causal test" data-testid="trials">
      <ShownTrial trial={shown} data={data} />
      <TrialLog trials={own} shown={shown} data={data} />
    </section>
  )
}

interface TrialProps {
  readonly trial: Trial
  readonly data: TokensRun
}

function ShownTrial({trial, data}: TrialProps) {
  const {cancelTrial, tryAgain, notify} = useActions()
  const copy = () => {
    const command = trialCommand(trial.request, data.provenance?.model.path ?? '')
    void navigator.clipboard.writeText(command).then(
      () => notify('copied the command'),
      () => notify('the browser would not copy')
    )
  }
  const token = data.tokens[trial.position]
  const {outcome} = trial
  return (
    <div className="trial" data-testid="trial" data-outcome={outcome.kind}>
      <div className="trial-head">
        <span className="strong">
          Next token after <span className="mono">{token ? plainGlyphs(token) : ''}</span>{' '}
          {formatCount(trial.position)}
        </span>
        <span className="ink-3 small">raw, temperature 1</span>
      </div>
      <p className="small ink-2">
        {whatChanged(trial.change)}:{' '}
        <span className="mono">{whereChanged(trial.change, data.tokens)}</span>
      </p>
      {outcome.kind === 'running' && (
        <p role="status">
          Running without and with it.{' '}
          <Button look="edge" onPress={() => cancelTrial(trial.id)}>
            Cancel
          </Button>
        </p>
      )}
      {outcome.kind === 'cancelled' && <p className="ink-3">Cancelled.</p>}
      {outcome.kind === 'failed' && (
        <p role="alert">
          <span className="failed">✕</span> {outcome.problem.message} {outcome.problem.advice}
        </p>
      )}
      {outcome.kind === 'completed' && <Tables result={outcome.result} />}
      {outcome.kind !== 'running' && (
        <div className="trial-acts">
          <Button look="edge" onPress={() => tryAgain(trial.id)} testId="try-again">
            Run again
          </Button>
          <Button look="edge" onPress={copy} testId="copy-trial">
            Copy CLI command
          </Button>
        </div>
      )}
    </div>
  )
}

/** Both tables as one: before hollow, after solid. */
export function Tables({result}: {readonly result: InterveneResult}) {
  const {rows, othersBefore, othersAfter} = trialRows(result, TABLE_ROWS)
  const {klBits, totalVariation} = result.divergence
  return (
    <>
      <table className="trial-table" data-kl={klBits} data-total-variation={totalVariation}>
        <thead>
          <tr>
            <th scope="col" className="word">
              token
            </th>
            <th scope="col" className="word">
              before, hollow; after, solid
            </th>
            <th scope="col">before</th>
            <th scope="col">after</th>
            <th scope="col" className="change">
              change
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr
              key={row.id}
              data-id={row.id}
              data-before={row.before ?? ''}
              data-after={row.after ?? ''}
            >
              <th scope="row" className="word mono clip">
                {row.name}
              </th>
              <Bars before={row.before ?? 0} after={row.after ?? 0} />
              <td>{row.before === null ? '<0.001' : formatProb(row.before)}</td>
              <td>{row.after === null ? '<0.001' : formatProb(row.after)}</td>
              <td className="change">{changeText(row.before ?? 0, row.after ?? 0)}</td>
            </tr>
          ))}
          <tr>
            <th scope="row" className="word ink-3">
              others
            </th>
            <Bars before={othersBefore} after={othersAfter} isOthers />
            <td>{formatProb(othersBefore)}</td>
            <td>{formatProb(othersAfter)}</td>
            <td className="change">{changeText(othersBefore, othersAfter)}</td>
          </tr>
        </tbody>
      </table>
      <p className="small ink-3">
        {formatFixed(klBits, klBits < 0.095 ? 3 : 2)} bits apart (KL, before to after), total
        variation {formatFixed(totalVariation, 2)}.
      </p>
      {result.warnings.map(({code, message}) => (
        <p key={code} className="small warning">
          ▲ {message}
        </p>
      ))}
    </>
  )
}

function Bars({
  before,
  after,
  isOthers = false,
}: {
  readonly before: number
  readonly after: number
  readonly isOthers?: boolean
}) {
  return (
    <td className="trial-bars">
      <i
        className={`after ${isOthers ? 'others' : ''}`}
        style={{width: `calc((100% - 8px) * ${after})`}}
      />
      <i className="before" style={{width: `calc((100% - 8px) * ${before})`}} />
    </td>
  )
}

function changeText(before: number, after: number): string {
  const change = after - before
  if (Math.abs(change) < 0.005) return '0.00'
  return change > 0 ? `+${formatFixed(change, 2)}` : formatFixed(change, 2)
}

interface TrialLogProps {
  readonly trials: readonly Trial[]
  readonly shown: Trial
  readonly data: TokensRun
}

/** Everything that was tried on this text; a row shows its tables again. */
function TrialLog({trials, shown, data}: TrialLogProps) {
  const {showTrial} = useActions()
  return (
    <div className="trial-log">
      <div className="trial-head">
        <span className="strong">Tried</span>
        <span className="ink-3 small">
          the likeliest before, its probability after; newest first
        </span>
      </div>
      <table className="trial-table">
        <thead>
          <tr>
            <th scope="col" className="word">
              what
            </th>
            <th scope="col" className="word">
              where
            </th>
            <th scope="col">before, after</th>
            <th scope="col">KL, bits</th>
          </tr>
        </thead>
        <tbody>
          {trials.map((trial) => {
            const result = trial.outcome.kind === 'completed' ? trial.outcome.result : null
            const top =
              result &&
              trialRows(result, 1000).rows.find(({id}) => id === result.before.next[0]?.id)
            return (
              <tr key={trial.id} className={trial.id === shown.id ? 'on' : ''} data-testid="tried">
                <th scope="row" className="word">
                  <button
                    type="button"
                    className="head-choice"
                    aria-pressed={trial.id === shown.id}
                    onClick={() => showTrial(trial.id)}
                  >
                    {whatChanged(trial.change)}
                  </button>
                </th>
                <td className="word mono clip">{whereChanged(trial.change, data.tokens)}</td>
                <td>
                  {result
                    ? `${formatProb(top?.before)} → ${formatProb(top?.after ?? 0)}`
                    : trial.outcome.kind === 'completed'
                      ? ''
                      : trial.outcome.kind}
                </td>
                <td>{result ? formatFixed(result.divergence.klBits, 2) : ''}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}
