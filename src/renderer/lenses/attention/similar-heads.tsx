import {headName} from '../../../shared/figures/attention/map-name.ts'
import {formatCount, formatFixed} from '../../../shared/figures/number-format.ts'
import {selectSimilar} from '../../store/attention-similar.ts'
import {Button} from '../../ui/button.tsx'
import {usePaneIndex} from '../use-pane.ts'
import {useActions, useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {HeadWords} from './head-label-control.tsx'

/** Heads like one, by their patterns on this text, most alike first; choosing one opens it. */
export function SimilarHeads() {
  const {store, captures} = useWorkbench()
  const pane = usePaneIndex()
  const {changeAttention, findSimilar, cancelSimilar} = useActions()
  const {of, phase, shown} = useWorkbenchState((state) => ({
    of: state.similarOf,
    phase: state.similarPhase,
    revision: state.similarRevision,
    shown: state.attentionShown[pane],
    panes: state.panes,
  }))
  const heads = selectSimilar(store.getState(), captures)
  if (!of) return null
  const again = (
    <Button look="edge" onPress={() => findSimilar(of)}>
      Compare them
    </Button>
  )
  return (
    <section
      className="heads"
      aria-label={`Heads like ${headName(of)}`}
      data-testid="similar-heads"
    >
      <div className="heads-head">
        <span className="strong">Like {headName(of)}</span>
        <span className="ink-3 small">by their patterns on this text; 1 is the same</span>
      </div>
      {phase.kind === 'running' ? (
        <div className="probe-run" role="status">
          <span className="ink-3 small">
            comparing {formatCount(phase.done)} of {formatCount(phase.total)}
          </span>
          <Button look="edge" onPress={cancelSimilar}>
            Cancel
          </Button>
        </div>
      ) : phase.kind === 'failed' ? (
        <div className="lens-wait" role="alert">
          <p>
            <span className="failed">✕</span> {phase.problem.message} {phase.problem.advice}
          </p>
          {again}
        </div>
      ) : heads ? (
        <div
          className="heads-scroll"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
          tabIndex={0}
        >
          <table className="head-table">
            <thead>
              <tr>
                <th scope="col" className="word">
                  head
                </th>
                <th scope="col" className="word" aria-label="similarity as a bar" />
                <th scope="col">similarity</th>
              </tr>
            </thead>
            <tbody>
              {heads.map((head) => {
                const isOn =
                  shown.aggregate === 'head' &&
                  shown.layer === head.layer &&
                  shown.head === head.head
                return (
                  <tr
                    key={headName(head)}
                    className={isOn ? 'on' : ''}
                    data-similar={headName(head)}
                    data-similarity={head.similarity}
                  >
                    <th scope="row" className="word">
                      <button
                        type="button"
                        className="head-choice"
                        aria-pressed={isOn}
                        onClick={() =>
                          changeAttention(
                            {layer: head.layer, head: head.head, aggregate: 'head'},
                            pane
                          )
                        }
                      >
                        {headName(head)} <HeadWords head={head} />
                      </button>
                    </th>
                    <td className="bar-cell">
                      <i style={{width: `${Math.max(0, head.similarity) * 100}%`}} />
                    </td>
                    <td>{formatFixed(head.similarity, 3)}</td>
                  </tr>
                )
              })}
            </tbody>
          </table>
        </div>
      ) : (
        <div className="lens-wait">{again}</div>
      )}
    </section>
  )
}
