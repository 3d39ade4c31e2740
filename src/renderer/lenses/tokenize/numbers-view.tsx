import {useState} from 'react'
import {formatCount} from '../../../shared/figures/number-format.ts'
import {
  areAligned,
  type DigitGroups,
  digitGroups,
  groupingOf,
  type Separators,
  separated,
} from '../../../shared/lenses/digit-groups.ts'
import {tokenizeRequestSchema} from '../../../shared/lenses/tokenize.ts'
import {fetchComparison} from '../../store/tokenizers-fetch.ts'
import {isBaseline} from '../../store/tokenizers-state.ts'
import {Button} from '../../ui/button.tsx'
import {Choice} from '../../ui/choice.tsx'
import {useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {nameOfChoice} from './names.ts'
import {ProblemText} from './problem-text.tsx'
import {useAsked} from './use-asked.ts'

const MOST_DIGITS = 24

/** One tokenizer's groups of the numbers of a sum. */
interface NumberRow {
  readonly tokenizer: string
  readonly numbers: readonly {readonly text: string; readonly groups: DigitGroups}[]
}

/** Numbers lab: how the digits of a sum are grouped, and whether the groups stand under each other. */
export function NumbersView() {
  const {client} = useWorkbench()
  const names = useWorkbenchState((state) => state.comparedTokenizers)
  const [first, setFirst] = useState('12345678')
  const [second, setSecond] = useState('23456789')
  const [separators, setSeparators] = useState<Separators>('none')
  const isReady = first !== '' && second !== '' && names.length > 0
  const sum = isReady ? String(BigInt(first) + BigInt(second)) : ''
  const texts = [first, second, sum].map((digits) => separated(digits, separators))
  const key = isReady ? JSON.stringify([names, texts]) : null
  const {answer, problem, again} = useAsked<readonly NumberRow[]>(key, async (signal) => {
    const request = tokenizeRequestSchema.parse({
      tokenizers: names.filter((name) => !isBaseline(name)),
      baselines: names.filter(isBaseline),
      text: texts.join('\n'),
      noSpecialTokens: true,
    })
    const compared = await fetchComparison(client, {key: '', names, request}, signal)
    return (compared?.rows ?? []).map(({tokenizer, tokens}) => {
      let start = 0
      const numbers = texts.map((text) => {
        // Digits and marks are one byte each, and so is the line end between two numbers.
        const from = start
        start += text.length + 1
        const ends = Array.from(tokens.byteEnds, (end) => end - from).filter(
          (end) => end > 0 && end < text.length
        )
        return {text, groups: digitGroups(text, [...new Set(ends), text.length])}
      })
      return {tokenizer, numbers}
    })
  })
  const unaligned = (answer ?? []).filter(({numbers}) => !areAligned(numbers.map((n) => n.groups)))
  const digitsOf = (text: string) => text.replace(/\D/gu, '').slice(0, MOST_DIGITS)
  return (
    <>
      <div className="figure-words">
        <div className="caption" data-testid="caption">
          {answer
            ? unaligned.length === 0
              ? 'Every tokenizer cuts the digits of this sum in the same columns.'
              : `${formatCount(unaligned.length)} of ${formatCount(answer.length)} cut the numbers of this sum in different columns.`
            : 'How the digits of a sum are grouped.'}
        </div>
        <div className="guard">
          Groups from the left put the rest last, so that operands of different length do not line
          up; a mark every three digits from the right makes them. Singh and Strouse 2024, arXiv
          2402.14903.
        </div>
      </div>
      <div className="figure numbers-figure">
        <div className="form-row">
          <input
            className="field numbers-field mono"
            aria-label="First number"
            inputMode="numeric"
            value={first}
            onChange={(event) => setFirst(digitsOf(event.target.value))}
            data-testid="number-a"
          />
          <span className="mono">+</span>
          <input
            className="field numbers-field mono"
            aria-label="Second number"
            inputMode="numeric"
            value={second}
            onChange={(event) => setSecond(digitsOf(event.target.value))}
            data-testid="number-b"
          />
          <Choice
            label="Marks between digits"
            value={separators}
            options={[
              {value: 'none', text: 'plain'},
              {value: 'comma-right', text: ', from the right'},
              {value: 'comma-left', text: ', from the left'},
              {value: 'space-right', text: 'space from the right'},
            ]}
            onChange={setSeparators}
          />
        </div>
        {problem ? (
          <div className="lens-wait" role="alert">
            <ProblemText problem={problem} />
            <Button look="edge" onPress={again}>
              Try again
            </Button>
          </div>
        ) : (
          answer && <NumberTable rows={answer} />
        )}
      </div>
    </>
  )
}

function NumberTable({rows}: {readonly rows: readonly NumberRow[]}) {
  return (
    <div className="languages-scroll">
      <table className="metrics-table numbers-table" data-testid="numbers">
        <thead>
          <tr>
            <th scope="col" className="word">
              tokenizer
            </th>
            <th scope="col">first</th>
            <th scope="col">second</th>
            <th scope="col">sum</th>
            <th scope="col" className="word">
              grouping
            </th>
            <th scope="col" className="word">
              columns
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({tokenizer, numbers}) => {
            const isAligned = areAligned(numbers.map(({groups}) => groups))
            const kinds = [...new Set(numbers.map(({groups}) => groupingOf(groups)))]
            return (
              <tr key={tokenizer} data-tokenizer={tokenizer}>
                <th scope="row" className="word">
                  {nameOfChoice(tokenizer)}
                </th>
                {numbers.map((number, i) => (
                  <td key={i} className="mono">
                    <Groups {...number} />
                  </td>
                ))}
                <td className="word ink-2">{kinds.join(', ')}</td>
                <td className="word">
                  {isAligned ? (
                    <span className="badge">line up</span>
                  ) : (
                    <span className="badge warn">▲ do not line up</span>
                  )}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

/** A number with a chip a group; all end at one edge, so that columns can be compared. */
function Groups({text, groups}: {readonly text: string; readonly groups: DigitGroups}) {
  const digits = text.replace(/\D/gu, '')
  let from = 0
  return (
    <span className="digit-groups">
      <span className="visually-hidden">{groups.join(', ')} digits</span>
      {groups.map((size, i) => {
        const part = digits.slice(from, from + size)
        from += size
        return (
          <span key={i} className="digit-group" aria-hidden="true">
            {part}
          </span>
        )
      })}
    </span>
  )
}
