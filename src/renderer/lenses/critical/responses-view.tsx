import {useState} from 'react'
import {bytesOfHex} from '../../../shared/domain/token.ts'
import {formatCount, formatFixed, NO_VALUE} from '../../../shared/figures/number-format.ts'
import {answerIn} from '../../../shared/lenses/critical-checker.ts'
import {promptKeyOf} from '../../store/critical-requests.ts'
import type {SampledResponse} from '../../store/critical-state.ts'
import {Button} from '../../ui/button.tsx'
import {Choice} from '../../ui/choice.tsx'
import {useActions, useWorkbenchState} from '../use-workbench.ts'
import {ProblemText} from './job-state.tsx'
import {ResponseWords} from './response-words.tsx'
import {SuccessSpark} from './success-spark.tsx'
import type {PaneCritical} from './use-critical.ts'

const COUNT = 8
type Order = 'sampled' | 'wrong'

/** Many responses to the prompt below each other, each with the token after which it does not come right. */
export function ResponsesView({shown}: {readonly shown: PaneCritical}) {
  const {runId, data} = shown
  const {sampleResponses, cancelResponses, openResponse} = useActions()
  const [order, setOrder] = useState<Order>('sampled')
  const key = promptKeyOf(data.request)
  const {responses, sampling, checker} = useWorkbenchState((state) => ({
    checker: state.criticalChoice.checker,
    responses: state.criticalResponses[key],
    sampling: state.criticalSampling?.key === key ? state.criticalSampling : null,
  }))
  const rows = (responses ?? []).map((row, i) => ({row, number: i + 1}))
  if (order === 'wrong') rows.sort((a, b) => placeOf(a.row) - placeOf(b.row))
  const isRunning = sampling !== null && sampling.problem === null
  return (
    <section className="responses" aria-label="Responses to the prompt" data-testid="responses">
      <div className="response-buttons">
        <Button
          look="edge"
          isDisabled={isRunning || !shown.isAnswered}
          onPress={() => void sampleResponses(runId, COUNT)}
          testId="sample-responses"
        >
          Sample {COUNT} wrong ones
        </Button>
        {isRunning && (
          <>
            <span role="status">
              {formatCount(sampling.done)} of {formatCount(sampling.total)}
            </span>
            <Button look="edge" onPress={cancelResponses} testId="cancel-responses">
              Cancel
            </Button>
          </>
        )}
        <Choice<Order>
          label="Order of the responses"
          value={order}
          options={[
            {value: 'sampled', text: 'as sampled'},
            {value: 'wrong', text: 'by where it went wrong'},
          ]}
          onChange={setOrder}
        />
      </div>
      {!shown.isAnswered && <p className="ink-3">Give the right answer first, below.</p>}
      {sampling?.problem && <ProblemText problem={sampling.problem} />}
      {rows.length > 0 && (
        <table className="number-table values-table responses-table many-table">
          <thead>
            <tr>
              <th scope="col">#</th>
              <th scope="col" className="words">
                verdict
              </th>
              <th scope="col" className="response-words">
                response, its critical token marked
              </th>
              <th scope="col">released</th>
              <th scope="col">ours</th>
              <th scope="col">drop</th>
              <th scope="col">success along it</th>
              <th scope="col">answer</th>
              <th scope="col">rules</th>
              <th scope="col">times</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({row, number}) => (
              <tr
                key={number}
                data-released={row.releasedAt === null ? '' : row.responseStart + row.releasedAt}
                data-times={row.count}
              >
                <th scope="row">{formatCount(number)}</th>
                <td className="words">
                  {row.verdict === 'wrong' && <span className="failed">✕ </span>}
                  {row.verdict}
                </td>
                <td className="response-words">
                  <button
                    type="button"
                    className="response-line mono"
                    aria-label="Look into this response"
                    onClick={() => void openResponse(runId, row.ids)}
                  >
                    <ResponseWords row={row} />
                  </button>
                </td>
                <td>{placeText(row, row.releasedAt)}</td>
                <td>{placeText(row, row.oursAt)}</td>
                <td>{row.drop === null ? NO_VALUE : formatFixed(row.drop, 2)}</td>
                <td>
                  <SuccessSpark
                    curve={row.curve}
                    responseStart={row.responseStart}
                    tokenCount={row.ids.length}
                  />
                </td>
                <td>{answerIn(checker, textOf(row)) ?? NO_VALUE}</td>
                <td>{agreementText(row)}</td>
                <td>{formatCount(row.count)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

/** Those without a critical token come last. */
function placeOf({releasedAt}: SampledResponse): number {
  return releasedAt ?? Number.MAX_SAFE_INTEGER
}

/** Positions count from 0 over prompt and response, as in every view. */
function placeText({responseStart}: SampledResponse, at: number | null): string {
  return at === null ? NO_VALUE : formatCount(responseStart + at)
}

function agreementText({releasedAt, oursAt}: SampledResponse): string {
  if (releasedAt === null) return oursAt === null ? NO_VALUE : 'ours alone'
  if (oursAt === null) return 'released alone'
  return releasedAt === oursAt ? 'agree' : 'differ'
}

const textOf = ({texts}: SampledResponse) =>
  new TextDecoder().decode(Uint8Array.from(texts.flatMap((bytesHex) => [...bytesOfHex(bytesHex)])))
