import {METHOD_LABELS, scoresByMethod} from '../../../shared/figures/critical/response-layout.ts'
import {
  formatCount,
  formatFixed,
  formatProb,
  NO_VALUE,
} from '../../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import type {CriticalResult} from '../../../shared/lenses/critical.ts'
import {useSelection} from '../use-pane.ts'
import {type PositionAt, useTokenPointer} from '../use-token-pointer.ts'

const BAR_METHODS = ['contrastive', 'difference', 'base'] as const

/** The figure's numbers, a row a response token. */
export function ScoresTable({result}: {readonly result: CriticalResult}) {
  const {hovered, locked} = useSelection()
  const positionAt: PositionAt = ({clientX, clientY}) => {
    const row = document.elementFromPoint(clientX, clientY)?.closest('tr[data-position]')
    return row ? Number(row.getAttribute('data-position')) : null
  }
  const pointer = useTokenPointer(positionAt)
  const scores = scoresByMethod(result.scores)
  const methods = BAR_METHODS.filter((method) => scores.has(method))
  const {responseStart, promptSuccess} = result
  return (
    <section
      className="values-scroll"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
      tabIndex={0}
      aria-label="Scores of the response as a table"
      data-testid="critical-table"
      data-target-place="tokens"
      {...pointer}
    >
      <table className="number-table values-table critical-table">
        <thead>
          <tr>
            <th scope="col">token</th>
            <th scope="col">position</th>
            <th scope="col">success</th>
            <th scope="col">95 %</th>
            {methods.map((method) => (
              <th key={method} scope="col">
                {METHOD_LABELS[method]}
                {method === 'difference' && ', nats'}
              </th>
            ))}
            <th scope="col" className="rules">
              critical
            </th>
          </tr>
        </thead>
        <tbody>
          {promptSuccess && (
            <tr>
              <th scope="row" className="ink-3">
                the prompt alone
              </th>
              <td>{formatCount(responseStart - 1)}</td>
              <SuccessCells {...promptSuccess} />
              {methods.map((method) => (
                <td key={method}>{NO_VALUE}</td>
              ))}
              <td />
            </tr>
          )}
          {result.tokens.slice(responseStart).map((token) => {
            const {position} = token
            const rollout = scores.get('rollout')?.get(position)
            const rules = result.critical
              .filter((one) => one.position === position)
              .map(({rule, method}) => (rule === 'top' ? `top ${METHOD_LABELS[method]}` : rule))
            return (
              <tr
                key={position}
                data-position={position}
                data-critical={rules.join(', ')}
                className={position === locked ? 'on' : position === hovered ? 'hovered' : ''}
              >
                <th scope="row" className="mono clip">
                  {plainGlyphs(token) || '∅'}
                </th>
                <td>{formatCount(position)}</td>
                <SuccessCells {...rollout} />
                {methods.map((method) => (
                  <td key={method}>{formatFixed(scores.get(method)?.get(position)?.value, 4)}</td>
                ))}
                <td className="rules">{rules.join(', ')}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </section>
  )
}

interface SuccessCellsProps {
  readonly successCount?: number | undefined
  readonly sampleCount?: number | undefined
  readonly low?: number | undefined
  readonly high?: number | undefined
}

function SuccessCells({successCount, sampleCount, low, high}: SuccessCellsProps) {
  if (successCount === undefined || sampleCount === undefined) {
    return (
      <>
        <td className="ink-3">{NO_VALUE}</td>
        <td />
      </>
    )
  }
  return (
    <>
      <td>
        {formatCount(successCount)} of {formatCount(sampleCount)}
      </td>
      <td className="ink-3">
        {formatProb(low!)} to {formatProb(high!)}
      </td>
    </>
  )
}
