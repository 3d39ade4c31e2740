import {useRef} from 'react'
import {formatFixed, NO_VALUE} from '../../../shared/figures/number-format.ts'
import type {TokenizeMetrics} from '../../../shared/lenses/tokenize.ts'
import {parityKeyOf, referenceLanguageOf} from '../../store/tokenizers-details.ts'
import {Button} from '../../ui/button.tsx'
import {HintArea} from '../../ui/hint-area.tsx'
import {MenuChoice} from '../../ui/menu-choice.tsx'
import {usePalette} from '../use-theme.ts'
import {useActions, useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {languageName} from './language-name.ts'
import {nameOfChoice} from './names.ts'
import {ProblemText} from './problem-text.tsx'

/** Steps of the scale, from no premium to the highest on the screen. */
const STEP_COUNT = 6

/** Tokens of the same sentences by language, against those of one language. */
export function LanguagesView() {
  const {captures} = useWorkbench()
  const {askParityAgain, leaveParallel} = useActions()
  const {key, problem, language, names, own} = useWorkbenchState((state) => ({
    key: parityKeyOf(state),
    problem: state.parityProblem,
    language: referenceLanguageOf(state),
    own: state.ownParallel,
    names: state.comparedTokenizers,
    revision: state.detailsRevision,
  }))
  const metrics = key === null ? undefined : captures.parity.peek(key)
  return (
    <>
      <div className="figure-words">
        <div className="caption" data-testid="caption">
          {metrics ? (
            <LanguagesCaption metrics={metrics} />
          ) : (
            'What the same sentences cost in other languages.'
          )}
        </div>
        <div className="guard">
          {own
            ? `The sentences of ${own.name}, each encoded by itself`
            : 'Ten aligned sentences of our own in each language, each encoded by itself'}
          ; inserted tokens are not counted. Short texts: differences of a few per cent say little.
        </div>
      </div>
      <div className="figure languages-figure">
        {problem ? (
          <div className="lens-wait" role="alert">
            <ProblemText problem={problem} />
            <Button look="edge" onPress={own ? leaveParallel : askParityAgain}>
              {own ? 'Back to the sentences that come along' : 'Try again'}
            </Button>
          </div>
        ) : metrics?.parity ? (
          <HintArea>
            <ParallelChoice languages={languagesOf(metrics)} reference={language} />
            <PremiumTable metrics={metrics} names={names} reference={language} />
          </HintArea>
        ) : (
          <p className="ink-3" role="status">
            {names.length === 0
              ? 'Nothing is compared. Add a tokenizer below.'
              : 'Asking the engine.'}
          </p>
        )}
      </div>
    </>
  )
}

const languagesOf = ({parity}: TokenizeMetrics) => [
  ...new Set((parity ?? []).map(({language}) => language)),
]

interface ParallelChoiceProps {
  readonly languages: readonly string[]
  readonly reference: string
}

/** Which sentences are compared, and with which language. */
function ParallelChoice({languages, reference}: ParallelChoiceProps) {
  const {openParallel, leaveParallel, changeTokenizerChoices} = useActions()
  const own = useWorkbenchState((state) => state.ownParallel)
  const input = useRef<HTMLInputElement>(null)
  return (
    <div className="form-row">
      <MenuChoice
        label="Compared with"
        value={reference}
        options={languages.map((value) => ({value, text: languageName(value)}))}
        onChange={(referenceLanguage) => changeTokenizerChoices({referenceLanguage})}
        testId="reference-language"
      />
      <Button look="edge" onPress={() => input.current?.click()}>
        Sentences of your own…
      </Button>
      {own && (
        <Button look="quiet" onPress={leaveParallel}>
          Back to those that come along
        </Button>
      )}
      <input
        ref={input}
        type="file"
        accept=".json,application/json"
        hidden
        data-testid="parallel-file"
        onChange={(event) => {
          const file = event.target.files?.[0]
          event.target.value = ''
          if (file) void file.text().then((json) => openParallel(file.name, json))
        }}
      />
    </div>
  )
}

function LanguagesCaption({metrics}: {readonly metrics: TokenizeMetrics}) {
  const known = (metrics.parity ?? []).flatMap((row) =>
    row.premium === null ? [] : [{...row, premium: row.premium}]
  )
  const dearest = known.reduce<(typeof known)[number] | null>(
    (most, row) => (most === null || row.premium > most.premium ? row : most),
    null
  )
  if (!dearest) return 'No premium could be told.'
  return (
    <>
      {languageName(dearest.language)} costs <b>{nameOfChoice(dearest.tokenizer)}</b>{' '}
      {formatFixed(dearest.premium, 2)} times as many tokens as the same sentences in the language
      of reference.
    </>
  )
}

interface PremiumTableProps {
  readonly metrics: TokenizeMetrics
  readonly names: readonly string[]
  readonly reference: string
}

function PremiumTable({metrics, names, reference}: PremiumTableProps) {
  const palette = usePalette()
  const rows = metrics.parity ?? []
  const premiumOf = (tokenizer: string, language: string) =>
    rows.find((row) => row.tokenizer === tokenizer && row.language === language)
  const languages = [...new Set(rows.map((row) => row.language))]
  const meanOf = (language: string) =>
    names.reduce((sum, name) => sum + (premiumOf(name, language)?.premium ?? 0), 0)
  languages.sort((a, b) => meanOf(a) - meanOf(b))
  const highest = rows.reduce((most, {premium}) => Math.max(most, premium ?? 1), 1)
  const stepOf = (premium: number) =>
    highest <= 1
      ? 0
      : Math.max(
          0,
          Math.min(STEP_COUNT - 1, Math.floor(((premium - 1) / (highest - 1)) * STEP_COUNT))
        )
  return (
    <section
      className="languages-scroll"
      aria-label="Premiums by language"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
      tabIndex={0}
    >
      <div className="aligned-head">
        <h2>Premium over {languageName(reference)}</h2>
        <span className="small ink-3">tokens by tokens, the same sentences</span>
        <span className="grow" />
        <span className="small ink-3 aligned-legend">
          1.00
          <svg width={STEP_COUNT * 18} height="12" aria-hidden="true">
            {Array.from({length: STEP_COUNT}, (_, step) => (
              <rect
                key={step}
                x={step * 18}
                y={1}
                width={17}
                height={10}
                rx={2}
                fill={palette.sequential[step]}
              />
            ))}
          </svg>
          {formatFixed(highest, 2)}
        </span>
      </div>
      <table className="metrics-table premium-table" data-testid="premiums" data-hint-under="">
        <thead>
          <tr>
            <th scope="col" className="word">
              language
            </th>
            {names.map((name) => (
              <th key={name} scope="col" data-hint="premium">
                {nameOfChoice(name)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {languages.map((language) => (
            <tr key={language} data-language={language}>
              <th scope="row" className="word">
                {languageName(language)}
              </th>
              {names.map((name) => {
                const found = premiumOf(name, language)
                const premium = found?.premium ?? null
                const step = premium === null ? 0 : stepOf(premium)
                return (
                  <td key={name} data-tokens={found?.tokenCount}>
                    <span
                      className="premium"
                      style={{
                        background: palette.sequential[step],
                        color: step >= 5 ? palette.seqInkHigh : palette.seqInkLow,
                      }}
                    >
                      {premium === null ? NO_VALUE : formatFixed(premium, 2)}
                    </span>
                  </td>
                )
              })}
            </tr>
          ))}
          <tr className="total">
            <th scope="row" className="word" data-hint="fairness-gini">
              Gini over languages
            </th>
            {names.map((name) => (
              <td key={name}>
                {formatFixed(metrics.fairness?.find((row) => row.tokenizer === name)?.gini, 3)}
              </td>
            ))}
          </tr>
        </tbody>
      </table>
    </section>
  )
}
