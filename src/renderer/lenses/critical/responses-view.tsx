import {useState} from 'react'
import {formatCount, NO_VALUE} from '../../../shared/figures/number-format.ts'
import {promptKeyOf} from '../../store/critical-requests.ts'
import type {SampledResponse} from '../../store/critical-state.ts'
import {Button} from '../../ui/button.tsx'
import {Choice} from '../../ui/choice.tsx'
import {useActions, useWorkbenchState} from '../use-workbench.ts'
import {ProblemText} from './job-state.tsx'
import {ResponseWords} from './response-words.tsx'
import type {PaneCritical} from './use-critical.ts'

const COUNT = 8
type Order = 'sampled' | 'wrong'

/** Many responses to the prompt below each other, each with the token after which it does not come right. */
export function ResponsesView({shown}: {readonly shown: PaneCritical}) {
  const {runId, data} = shown
  const {sampleResponses, cancelResponses, openResponse} = useActions()
  const [order, setOrder] = useState<Order>('sampled')
  const key = promptKeyOf(data.request)
  const {responses, sampling} = useWorkbenchState((state) => ({
    responses: state.criticalResponses[key],
    sampling: state.criticalSampling?.key === key ? state.criticalSampling : null,
  }))
  const rows = [...(responses ?? [])]
  if (order === 'wrong') rows.sort((a, b) => placeOf(a) - placeOf(b))
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
        <table className="number-table values-table responses-table">
          <thead>
            <tr>
              <th scope="col">critical token</th>
              <th scope="col">ours</th>
              <th scope="col">times</th>
              <th scope="col" className="response-words">
                response
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.ids.join()} data-released={row.releasedAt ?? ''} data-times={row.count}>
                <th scope="row">{placeText(row, row.releasedAt)}</th>
                <td>{placeText(row, row.oursAt)}</td>
                <td>{formatCount(row.count)}</td>
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
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

/** Tokens are counted from 1 on the screen; those without one come last. */
function placeOf({releasedAt}: SampledResponse): number {
  return releasedAt ?? Number.MAX_SAFE_INTEGER
}

function placeText({isRecoverable}: SampledResponse, at: number | null): string {
  if (at !== null) return `token ${formatCount(at + 1)}`
  return isRecoverable === false ? 'not recoverable' : NO_VALUE
}
