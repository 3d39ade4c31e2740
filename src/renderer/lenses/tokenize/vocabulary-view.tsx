import {useState} from 'react'
import {
  formatCount,
  formatFixed,
  formatMany,
  NO_VALUE,
} from '../../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import {
  ENTRY_CLASSES,
  type EntryClass,
  type VocabularyItem,
  type VocabularyResult,
} from '../../../shared/lenses/vocabulary.ts'
import {isBaseline} from '../../store/tokenizers-state.ts'
import {Button} from '../../ui/button.tsx'
import {HintArea} from '../../ui/hint-area.tsx'
import {useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {EntryDetail} from './entry-detail.tsx'
import {nameOfChoice} from './names.ts'
import {ProblemText} from './problem-text.tsx'
import {useAsked} from './use-asked.ts'

const CLASS_WORDS: Readonly<Record<EntryClass, string>> = {
  pure_unicode: 'one byte',
  char_alpha: 'one letter',
  char_other: 'one other character',
  char_errors: 'one unnamed character',
  spaced_alpha: 'space and letters',
  spaced_other: 'space and others',
  spaced_errors: 'space and unnamed',
  inner_alpha: 'letters within a word',
  inner_other: 'others within a word',
  inner_errors: 'unnamed within a word',
  control_tokens: 'special and bracketed',
  unicode_flanks: 'parts of characters',
}
const MOST_SCRIPTS = 14
const MOST_LISTED = 24

/** An entry that is told about. */
export interface ChosenEntry {
  readonly tokenizer: string
  readonly id: number
}

/** What the compared vocabularies are made of, without any text. */
export function VocabularyView() {
  const {client} = useWorkbench()
  const compared = useWorkbenchState((state) => state.comparedTokenizers)
  const names = compared.filter((name) => !isBaseline(name))
  const [search, setSearch] = useState('')
  const [isReaching, setReaching] = useState(false)
  const [chosen, setChosen] = useState<ChosenEntry | null>(null)
  const key = names.length === 0 ? null : JSON.stringify([names, search, isReaching])
  const {answer, problem, isAsking, again} = useAsked<VocabularyResult>(key, async (signal) => {
    const events = await client.tokenizers.vocabulary(
      {
        ...{tokenizers: names, limit: MOST_LISTED},
        ...(search === '' ? {} : {search}),
        ...(isReaching ? {reach: true} : {}),
      },
      {signal}
    )
    for await (const event of events) if (event.kind === 'completed') return event.result
    throw new Error('the stream ended without a result')
  })
  return (
    <>
      <div className="figure-words">
        <div className="caption" data-testid="caption">
          {answer ? captionOf(answer) : 'What vocabularies are made of, and what they share.'}
        </div>
        <div className="guard">
          Classes after Qtok (arXiv 2410.12989), by Unicode’s script property instead of character
          names. Under-trained ones are candidates from merges alone; embeddings would confirm them.
        </div>
      </div>
      <div className="figure vocabulary-figure">
        <div className="form-row">
          <input
            className="field vocabulary-search"
            type="search"
            aria-label="Search entries by text, hex: bytes or id:"
            placeholder="text, hex:e28099 or id:412"
            value={search}
            onChange={(event) => setSearch(event.target.value)}
            data-testid="vocabulary-search"
          />
          <Button look="edge" isDisabled={isReaching} onPress={() => setReaching(true)}>
            Find entries that no text gives
          </Button>
          <span className="ink-3 small" role="status">
            {isAsking ? 'Asking the engine.' : ''}
          </span>
        </div>
        {problem && (
          <div className="lens-wait" role="alert">
            <ProblemText problem={problem} />
            <Button look="edge" onPress={again}>
              Try again
            </Button>
          </div>
        )}
        {answer && (
          <HintArea>
            <section
              className="vocabulary-scroll"
              aria-label="Vocabularies"
              // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
              tabIndex={0}
            >
              {chosen && <EntryDetail {...chosen} onClose={() => setChosen(null)} />}
              {answer.found && <FoundLists result={answer} onChoose={setChosen} />}
              <div className="vocabulary-tables">
                <ClassTable result={answer} />
                <ScriptTable result={answer} />
                <OverlapTable result={answer} />
              </div>
              <CandidateLists result={answer} onChoose={setChosen} />
            </section>
          </HintArea>
        )}
      </div>
    </>
  )
}

function captionOf({overlap, tokenizers}: VocabularyResult): string {
  const nearest = [...overlap].sort((a, b) => (b.jaccard ?? 0) - (a.jaccard ?? 0))[0]
  if (!nearest) {
    const [only] = tokenizers
    return only
      ? `${nameOfChoice(only.id)} has ${formatMany(only.entryCount, 'entry', 'entries')}.`
      : ''
  }
  return `${nameOfChoice(nearest.a)} and ${nameOfChoice(nearest.b)} share most: ${formatMany(nearest.shared, 'byte string')}, ${formatFixed(100 * (nearest.jaccard ?? 0), 0)} % of all that either has.`
}

const percent = (share: number | null | undefined) =>
  share === null || share === undefined ? NO_VALUE : `${formatFixed(100 * share, 1)} %`

function Heads({result, first}: {readonly result: VocabularyResult; readonly first: string}) {
  return (
    <thead>
      <tr>
        <th scope="col" className="word">
          {first}
        </th>
        {result.tokenizers.map(({id}) => (
          <th key={id} scope="col">
            {nameOfChoice(id)}
          </th>
        ))}
      </tr>
    </thead>
  )
}

function ClassTable({result}: {readonly result: VocabularyResult}) {
  const {composition, tokenizers, underTrained} = result
  return (
    <table className="metrics-table" data-testid="vocabulary-classes">
      <Heads result={result} first="entries by shape" />
      <tbody>
        {ENTRY_CLASSES.map((name) => (
          <tr key={name} data-class={name}>
            <th scope="row" className="word">
              {CLASS_WORDS[name]}
            </th>
            {tokenizers.map(({id}) => {
              const own = composition.filter((row) => row.tokenizer === id && row.class === name)
              return (
                <td key={id}>{percent(own.reduce((sum, row) => sum + (row.share ?? 0), 0))}</td>
              )
            })}
          </tr>
        ))}
        <tr className="total">
          <th scope="row" className="word">
            entries
          </th>
          {tokenizers.map(({id, entryCount}) => (
            <td key={id}>{formatCount(entryCount)}</td>
          ))}
        </tr>
        <tr>
          <th scope="row" className="word">
            under-trained, candidates
          </th>
          {tokenizers.map(({id}) => {
            const count = underTrained.find(({tokenizer}) => tokenizer === id)?.count ?? null
            return <td key={id}>{count === null ? NO_VALUE : formatCount(count)}</td>
          })}
        </tr>
      </tbody>
    </table>
  )
}

function ScriptTable({result}: {readonly result: VocabularyResult}) {
  const {composition, completeness, tokenizers} = result
  const totals = new Map<string, number>()
  for (const {script, share} of composition) {
    if (script !== null) totals.set(script, (totals.get(script) ?? 0) + (share ?? 0))
  }
  const scripts = [...totals].sort((a, b) => b[1] - a[1]).map(([script]) => script)
  const shown = scripts.slice(0, MOST_SCRIPTS)
  const shareOf = (id: string, names: readonly string[]) =>
    composition
      .filter((row) => row.tokenizer === id && row.script !== null && names.includes(row.script))
      .reduce((sum, {share}) => sum + (share ?? 0), 0)
  return (
    <table className="metrics-table" data-testid="vocabulary-scripts">
      <Heads result={result} first="by script; letters of it" />
      <tbody>
        {shown.map((script) => (
          <tr key={script}>
            <th scope="row" className="word">
              {script.replaceAll('_', ' ')}
            </th>
            {tokenizers.map(({id}) => {
              const own = completeness.find((row) => row.tokenizer === id && row.script === script)
              return (
                <td key={id}>
                  {percent(shareOf(id, [script]))}
                  {own && (
                    <span className="ink-3">
                      {' '}
                      {formatCount(own.covered)}/{formatCount(own.letters)}
                    </span>
                  )}
                </td>
              )
            })}
          </tr>
        ))}
        {scripts.length > MOST_SCRIPTS && (
          <tr className="total">
            <th scope="row" className="word ink-3">
              {formatMany(scripts.length - MOST_SCRIPTS, 'other')}
            </th>
            {tokenizers.map(({id}) => (
              <td key={id}>{percent(shareOf(id, scripts.slice(MOST_SCRIPTS)))}</td>
            ))}
          </tr>
        )}
      </tbody>
    </table>
  )
}

function OverlapTable({result}: {readonly result: VocabularyResult}) {
  if (result.overlap.length === 0) return null
  return (
    <table className="metrics-table" data-testid="vocabulary-overlap">
      <thead>
        <tr>
          <th scope="col" className="word">
            pair
          </th>
          {['shared', 'only first', 'only second', 'Jaccard', 'bytes of first'].map((title) => (
            <th key={title} scope="col">
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {result.overlap.map(({a, b, shared, onlyA, onlyB, jaccard, byteShareA}) => (
          <tr key={`${a} ${b}`} data-pair={`${a} ${b}`}>
            <th scope="row" className="word">
              {nameOfChoice(a)}, {nameOfChoice(b)}
            </th>
            <td>{formatCount(shared)}</td>
            <td>{formatCount(onlyA)}</td>
            <td>{formatCount(onlyB)}</td>
            <td>{formatFixed(jaccard, 4)}</td>
            <td>{percent(byteShareA)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

interface ListsProps {
  readonly result: VocabularyResult
  readonly onChoose: (entry: ChosenEntry) => void
}

function FoundLists({result, onChoose}: ListsProps) {
  return (
    <div data-testid="vocabulary-found">
      {result.found?.map(({tokenizer, count, entries}) => (
        <EntryList
          key={tokenizer}
          title={`${nameOfChoice(tokenizer)}: ${formatMany(count, 'entry', 'entries')} found`}
          tokenizer={tokenizer}
          entries={entries}
          onChoose={onChoose}
        />
      ))}
    </div>
  )
}

function CandidateLists({result, onChoose}: ListsProps) {
  return (
    <>
      {result.unreachable?.map(({tokenizer, count, untriedCount, entries}) => (
        <EntryList
          key={`reach ${tokenizer}`}
          title={`${nameOfChoice(tokenizer)}: ${formatMany(count, 'entry', 'entries')} that no text gives; ${formatCount(untriedCount)} parts of characters not tried`}
          tokenizer={tokenizer}
          entries={entries}
          onChoose={onChoose}
        />
      ))}
      {result.underTrained.map(
        ({tokenizer, count, entries}) =>
          entries.length > 0 && (
            <EntryList
              key={`trained ${tokenizer}`}
              title={`${nameOfChoice(tokenizer)}: ${formatCount(count ?? 0)} taken up by one later merge and soon`}
              tokenizer={tokenizer}
              entries={entries}
              onChoose={onChoose}
            />
          )
      )}
    </>
  )
}

interface EntryListProps {
  readonly title: string
  readonly tokenizer: string
  readonly entries: readonly VocabularyItem[]
  readonly onChoose: (entry: ChosenEntry) => void
}

function EntryList({title, tokenizer, entries, onChoose}: EntryListProps) {
  return (
    <section>
      <h2>{title}</h2>
      <div className="entry-list">
        {entries.map((entry) => (
          <button
            key={entry.id}
            type="button"
            className="entry-choice"
            onClick={() => onChoose({tokenizer, id: entry.id})}
          >
            <span className="mono">{plainGlyphs(entry) || '∅'}</span>
            <span className="ink-3"> {entry.id}</span>
          </button>
        ))}
      </div>
    </section>
  )
}
