import {useEffect, useState} from 'react'
import type {Derivation} from '../../../shared/contract/contract.ts'
import type {Problem} from '../../../shared/domain/problem.ts'
import {formatCount, formatFixed, formatMany} from '../../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import {useWorkbench, useWorkbenchState} from '../../lenses/use-workbench.ts'
import {isCancellation, shownProblem} from '../../store/context.ts'
import {selectRun} from '../../store/run-records.ts'
import type {RunId} from '../../store/state.ts'

export interface CardOriginProps {
  readonly runId: RunId
  readonly id: number
  readonly bytesHex: string
}

type Answer =
  | {readonly kind: 'derived'; readonly derivation: Derivation}
  | {readonly kind: 'failed'; readonly problem: Problem}

/** How an entry of the vocabulary came to be: the merges that build it, a piece's score, or a byte. */
export function CardOrigin({runId, id, bytesHex}: CardOriginProps) {
  const {client} = useWorkbench()
  const {model, file} = useWorkbenchState((state) => {
    const request = selectRun(state, runId)?.request
    return {model: request?.model ?? null, file: request?.file}
  })
  const [answer, setAnswer] = useState<Answer | null>(null)
  useEffect(() => {
    if (model === null) return
    const abort = new AbortController()
    setAnswer(null)
    client.text
      .derive({model, file, id}, {signal: abort.signal})
      .then((derivation) => setAnswer({kind: 'derived', derivation}))
      .catch((error: unknown) => {
        if (abort.signal.aborted || isCancellation(error)) return
        setAnswer({kind: 'failed', problem: shownProblem(error)})
      })
    return () => abort.abort()
  }, [client, model, file, id])
  return (
    <section data-testid="card-origin">
      <h2>How it was made</h2>
      {answer === null ? null : answer.kind === 'failed' ? (
        <div role="alert">
          <span className="failed">✕</span> {answer.problem.message} {answer.problem.advice}
        </div>
      ) : (
        <Made derivation={answer.derivation} bytesHex={bytesHex} />
      )}
    </section>
  )
}

const glyphs = (bytesHex: string) => plainGlyphs({bytesHex, isSpecial: true})

function Made({
  derivation,
  bytesHex,
}: {
  readonly derivation: Derivation
  readonly bytesHex: string
}) {
  const {kind, score, merges} = derivation
  switch (kind) {
    case 'special':
      return <div>A special entry: added to the vocabulary by name, not made of others.</div>
    case 'byte':
      return (
        <div>Stands for the single byte {bytesHex || '—'}, which the vocabulary starts from.</div>
      )
    case 'piece':
      return (
        <div>
          A piece that is not made of others
          {score === null ? '.' : `, of log-probability ${formatFixed(score, 2)} nats.`}
        </div>
      )
    case 'merged':
      return (
        <>
          <div className="ink-2">
            {formatMany(merges.length, 'merge')}, in the order in which they apply.
          </div>
          <table className="merges" data-testid="merges">
            <thead>
              <tr>
                <th scope="col" data-hint="merge-rank">
                  rank
                </th>
                <th scope="col">left</th>
                <th scope="col">right</th>
                <th scope="col">becomes</th>
              </tr>
            </thead>
            <tbody>
              {merges.map(({leftHex, rightHex, rank}, i) => (
                <tr key={i}>
                  <td>{formatCount(rank)}</td>
                  <td className="mono">{glyphs(leftHex)}</td>
                  <td className="mono">{glyphs(rightHex)}</td>
                  <th scope="row" className="mono">
                    {glyphs(leftHex + rightHex)}
                  </th>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )
  }
}
