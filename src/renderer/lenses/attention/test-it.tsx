import {memo} from 'react'
import {headName} from '../../../shared/figures/attention/map-name.ts'
import {formatCount} from '../../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import type {TokensRun} from '../../../shared/lenses/assemble-tokens.ts'
import {selectTrialSubject, type TrialChange} from '../../store/attention-trials.ts'
import {Button} from '../../ui/button.tsx'
import {useActions, useWorkbenchState} from '../use-workbench.ts'

interface Offer {
  readonly key: string
  readonly text: string
  readonly change: TrialChange
}

interface TestItProps {
  readonly data: TokensRun
}

/** What can be changed inside the model with what is selected, to see what mattered. */
export const TestIt = memo(function TestIt({data}: TestItProps) {
  const {tryChange} = useActions()
  // By its numbers, which are the same where the subject is: it is made anew whenever it is asked for.
  const subject = useWorkbenchState((state, {captures}) => {
    const found = selectTrialSubject(state, captures)
    if (!found) return null
    const {head, place, token, position} = found
    const [query, key] = place ? [place.query, place.key] : [null, null]
    return {layer: head.layer, index: head.head, query, key, token, position}
  })
  if (!subject) return null
  const {layer, index, query, key, token, position} = subject
  const head = {layer, head: index}
  const place = query === null || key === null ? null : {query, key}
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
            <Offered text={text} change={change} position={position} onTry={tryChange} />
            <kbd>{key}</kbd>
          </li>
        ))}
      </ul>
      {!place && <p className="ink-3 small">Click a weight to cut its edge.</p>}
    </section>
  )
})

interface OfferedProps {
  readonly text: string
  readonly change: TrialChange
  readonly position: number
  readonly onTry: (change: TrialChange, position: number) => void
}

/** Its text says all that its change is of. */
const Offered = memo(
  function Offered({text, change, position, onTry}: OfferedProps) {
    return (
      <Button look="plain" onPress={() => onTry(change, position)} testId={`test-${change.kind}`}>
        <span className="clip">{text}</span>
      </Button>
    )
  },
  (before, after) =>
    before.text === after.text &&
    before.position === after.position &&
    before.onTry === after.onTry &&
    before.change.kind === after.change.kind
)
