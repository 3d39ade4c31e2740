import {formatProb} from '../../../shared/figures/number-format.ts'
import type {Counterfactual} from '../../../shared/lenses/critical.ts'

/** pass@k with the critical token kept and forbidden. */
export function PassTable({counterfactual}: {readonly counterfactual: Counterfactual}) {
  return (
    <table className="number-table pass-table" data-testid="pass-table">
      <caption className="visually-hidden">
        Share of k completions of which one is right, with the critical token kept and forbidden
      </caption>
      <thead>
        <tr>
          <th scope="col">pass@k</th>
          <th scope="col">kept</th>
          <th scope="col">forbidden</th>
          <th scope="col">95 %</th>
        </tr>
      </thead>
      <tbody>
        {counterfactual.passAtK.map(({k, kept, forbidden, low, high}) => (
          <tr key={k} data-k={k} data-forbidden={forbidden}>
            <th scope="row">{k}</th>
            <td>{formatProb(kept)}</td>
            <td>{formatProb(forbidden)}</td>
            <td className="ink-3">
              {formatProb(low)} to {formatProb(high)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
