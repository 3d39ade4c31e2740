import {headName} from '../../../shared/figures/attention/map-name.ts'
import {formatCount} from '../../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import type {TokensRun} from '../../../shared/lenses/assemble-tokens.ts'
import {selectTrialSubject, type TrialChange} from '../../store/attention-trials.ts'
import {Button} from '../../ui/button.tsx'
import {useActions, useWorkbench, useWorkbenchState} from '../use-workbench.ts'

interface Offer {
  readonly key: string
  readonly text: string
  readonly change: TrialChange
}

/** What can be changed inside the model with what is selected, to see what mattered. */
export function TestIt({data}: {readonly data: TokensRun}) {
  const {store, captures} = useWorkbench()
  const {tryChange} = useActions()
  useWorkbenchState((state) => ({
    locks: state.locks,
    cells: state.attentionCells,
    shown: state.attentionShown,
    heads: state.headsRevision,
    panes: state.panes,
    slots: state.attentionSlots,
  }))
  const subject = selectTrialSubject(store.getState(), captures)
  if (!subject) return null
  const {head, place, token, position} = subject
  const nameOf = (at: number) => {
    const found = data.tokens[at]
    return `${found ? plainGlyphs(found) || `#${found.id}` : ''} at ${formatCount(at)}`
  }
  const offers: Offer[] = [
    {key: 'M', text: `Mask ${nameOf(token)}`, change: {kind: 'mask', token}},
    {key: 'D', text: `Delete ${nameOf(token)}`, change: {kind: 'delete', token}},
    ...(place
      ? [
          {
            key: 'X',
            text: `Cut ${place.query} → ${place.key} in ${headName(head)}`,
            change: {kind: 'cut', head, place} as const,
          },
          {
            key: '⇧X',
            text: `Cut it in every head of L${head.layer}`,
            change: {kind: 'cut-all', layer: head.layer, place} as const,
          },
        ]
      : []),
    {
      key: 'O',
      text: `Switch ${headName(head)} off`,
      change: {kind: 'head-off', head, value: 'zero'},
    },
    {
      key: '⇧O',
      text: `${headName(head)} to its mean`,
      change: {kind: 'head-off', head, value: 'mean'},
    },
  ]
  return (
    <section data-testid="test-it">
      <h2>
        Test it<span className="end">after {formatCount(position)}</span>
      </h2>
      <ul className="test-list">
        {offers.map(({key, text, change}) => (
          <li key={key}>
            <Button
              look="plain"
              onPress={() => tryChange(change, position)}
              testId={`test-${change.kind}`}
            >
              <span className="clip">{text}</span>
            </Button>
            <kbd>{key}</kbd>
          </li>
        ))}
      </ul>
      {!place && <p className="ink-3 small">Click a weight to cut its edge.</p>}
    </section>
  )
}
