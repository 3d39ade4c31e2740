import type {TokenizerEntry} from '../../../shared/contract/contract.ts'
import {formatCount, formatMany} from '../../../shared/figures/number-format.ts'
import {otherTokenizers} from '../../store/tokenizers-details.ts'
import {Button} from '../../ui/button.tsx'
import {useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {Entry} from './entry-origin.tsx'
import {nameOfChoice} from './names.ts'
import {ProblemText} from './problem-text.tsx'
import {useAsked} from './use-asked.ts'
import {useCompared} from './use-compared.ts'
import type {ChosenEntry} from './vocabulary-view.tsx'

const MOST_PLACES = 16

/** One entry: how it was built, what its bytes are elsewhere, and where it stands in the compared text. */
export function EntryDetail({
  tokenizer,
  id,
  onClose,
}: ChosenEntry & {readonly onClose: () => void}) {
  const {client} = useWorkbench()
  const others = useWorkbenchState((state) => otherTokenizers(state, tokenizer).join('\n'))
  const compared = useCompared()
  const names = others === '' ? [] : others.split('\n')
  const {answer, problem} = useAsked<TokenizerEntry>(`${tokenizer}\n${id}\n${others}`, () =>
    client.tokenizers.entry({tokenizer, id, others: names})
  )
  const tokens = compared?.rows.find((row) => row.tokenizer === tokenizer)?.tokens
  const places: number[] = []
  if (tokens)
    for (const [i, own] of tokens.ids.entries()) if (own === id) places.push(tokens.byteStarts[i]!)
  const shown = places.slice(0, MOST_PLACES).map(formatCount).join(', ')
  return (
    <section className="entry-detail" data-testid="entry-detail">
      <h2>
        {nameOfChoice(tokenizer)}
        <span className="end">
          <Button look="quiet" onPress={onClose}>
            Close
          </Button>
        </span>
      </h2>
      {problem && <ProblemText problem={problem} />}
      {answer && <Entry id={id} entry={answer} />}
      <div className="small ink-2">
        {places.length === 0
          ? 'Not in the compared text.'
          : `${formatMany(places.length, 'time')} in the compared text, at byte ${shown}${places.length > MOST_PLACES ? ' and more' : ''}.`}
      </div>
    </section>
  )
}
