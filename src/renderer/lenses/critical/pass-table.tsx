import {formatProb} from '../../../shared/figures/number-format.ts'
import type {Counterfactual} from '../../../shared/lenses/critical.ts'

/** pass@k with the critical token kept and forbidden, a column a k: it stands under the figure without being cut. */
export function PassTable({counterfactual: {passAtK}}: {readonly counterfactual: Counterfactual}) {
  return (
    <table className="number-table pass-table" data-testid="pass-table">
      <caption className="visually-hidden">
        Chance that one of k completions is right, with the critical token kept and forbidden
      </caption>
      <thead>
        <tr>
          <th scope="col">pass@k</th>
          {passAtK.map(({k}) => (
            <th key={k} scope="col">
              {k}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        <tr>
          <th scope="row">kept</th>
          {passAtK.map(({k, kept}) => (
            <td key={k}>{formatProb(kept)}</td>
          ))}
        </tr>
        <tr>
          <th scope="row">forbidden</th>
          {passAtK.map(({k, forbidden}) => (
            <td key={k} data-k={k} data-forbidden={forbidden}>
              {formatProb(forbidden)}
            </td>
          ))}
        </tr>
        <tr className="ink-3">
          <th scope="row">95 %</th>
          {passAtK.map(({k, low, high}) => (
            <td key={k} className="interval">
              {formatProb(low)}–<wbr />
              {formatProb(high)}
            </td>
          ))}
        </tr>
      </tbody>
    </table>
  )
}
