import {useState} from 'react'
import {DialogTrigger, Popover} from 'react-aria-components'
import {formatCount} from '../../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import {endOfTarget, selectTarget} from '../../store/attribution-requests.ts'
import type {TargetChoice} from '../../store/attribution-state.ts'
import type {VocabularyEntry} from '../../store/captures.ts'
import {selectUnits, unitsOfToken} from '../../store/unit.ts'
import {Button} from '../../ui/button.tsx'
import {DownIcon} from '../../ui/icons.tsx'
import {NumberInput} from '../../ui/number-input.tsx'
import {usePaneRunId, useSelection} from '../use-pane.ts'
import {useRunData} from '../use-tokens.ts'
import {useActions, useWorkbenchState} from '../use-workbench.ts'
import {EntryChip, TokenSearch} from './token-search.tsx'
import {idsOfTarget, type PaneAttribution, useTokenNames} from './use-attribution.ts'

/** What is explained: one control, which says it and changes it. */
export function TargetControl({shown}: {readonly shown: PaneAttribution | null}) {
  const runId = usePaneRunId()
  const data = useRunData()
  const [isOpen, setOpen] = useState(false)
  const choice = useWorkbenchState((state) => (runId === null ? null : selectTarget(state, runId)))
  const target = shown?.row?.target
  const names = useTokenNames(data?.request.model, idsOfTarget(target))
  if (runId === null || !data || !choice) return null
  return (
    <div className="control-pair">
      <span className="control-label">target</span>
      <DialogTrigger isOpen={isOpen} onOpenChange={setOpen}>
        <Button look="filled" testId="target">
          <span className="mono clip target-name">{nameOfTarget()}</span> <DownIcon />
        </Button>
        <Popover
          className="popover popover-body target-editor"
          aria-label="What is explained"
          placement="top start"
          offset={4}
        >
          <TargetEditor runId={runId} onDone={() => setOpen(false)} />
        </Popover>
      </DialogTrigger>
    </div>
  )

  function nameOfTarget(): string {
    if (choice!.kind === 'all-generated') return 'every generated token'
    if (!target) return 'next token'
    const {positions, tokenIds, contrastId} = target
    const nameOf = (id: number, position: number) => {
      const token = data!.tokens[position]
      return token?.id === id ? plainGlyphs(token) : (names.get(id) ?? `#${id}`)
    }
    const words = tokenIds.map((id, i) => nameOf(id, positions[i]!)).join('')
    const where = `at ${formatCount(positions[0]!)}`
    return contrastId === null
      ? `${words} ${where}`
      : `${words} not ${nameOf(contrastId, -1)} ${where}`
  }
}

interface TargetEditorProps {
  readonly runId: string
  readonly onDone: () => void
}

function TargetEditor({runId, onDone}: TargetEditorProps) {
  const {setAttributionTarget} = useActions()
  const data = useRunData()!
  const {locked} = useSelection()
  const {choice, unitSpan} = useWorkbenchState((state, {captures}) => {
    const units = selectUnits(state, captures, runId)
    const piece = units && locked !== null ? unitsOfToken(units, locked)[0] : undefined
    const unit = piece && units?.units[piece.unit]
    return {
      choice: selectTarget(state, runId),
      unitSpan:
        unit && unit.lastPosition > unit.firstPosition && unit.firstPosition > 0
          ? `${unit.firstPosition}:${unit.lastPosition + 1}`
          : null,
    }
  })
  const {tokens, promptTokenCount} = data
  const generatedCount = tokens.length - promptTokenCount
  const after = locked !== null && locked >= promptTokenCount ? locked : null
  const token = locked === null ? undefined : tokens[locked]
  const choose = (target: TargetChoice) => {
    setAttributionTarget(runId, target)
    onDone()
  }
  return (
    <div className="target-form">
      <div className="target-choices">
        <Button onPress={() => choose({kind: 'next', after: null})} testId="target-next">
          The likeliest token after the prompt
          {choice.kind === 'next' && choice.after === null && <span className="end">✓</span>}
        </Button>
        <Button
          isDisabled={!token || locked === 0}
          onPress={() => token && choose({kind: 'token', position: token.position})}
          testId="target-locked"
        >
          The locked token
          <span className="end mono">
            {token ? `${plainGlyphs(token)} at ${formatCount(token.position)}` : 'none'}
          </span>
        </Button>
        {unitSpan !== null && (
          <Button
            onPress={() => {
              const [start, end] = unitSpan.split(':').map(Number)
              choose({kind: 'span', start: start!, end: end!})
            }}
            testId="target-unit"
          >
            The unit around it, as one span
            <span className="end">{unitSpan}</span>
          </Button>
        )}
        <Button
          isDisabled={generatedCount === 0}
          onPress={() => choose({kind: 'all-generated'})}
          testId="target-generated"
        >
          Every generated token
          <span className="end">{formatCount(generatedCount)}</span>
        </Button>
      </div>
      <SpanFields choice={choice} tokenCount={tokens.length} onChoose={choose} />
      <h2>Another token, forced {whereText(after)}</h2>
      <TokenSearch
        label="Token that is forced"
        testId="forced"
        onChoose={({id}) => choose({kind: 'forced', after, tokenId: id})}
      />
      <ContrastFields after={after} where={whereText(after)} onChoose={choose} />
    </div>
  )

  function whereText(at: number | null): string {
    return at === null
      ? 'after the prompt'
      : `after the locked token, ${formatCount(endOfTarget(at, data))}`
  }
}

interface SpanFieldsProps {
  readonly choice: TargetChoice
  readonly tokenCount: number
  readonly onChoose: (target: TargetChoice) => void
}

/** Tokens from one to another, which is among them. */
function SpanFields({choice, tokenCount, onChoose}: SpanFieldsProps) {
  const kept = choice.kind === 'span' ? choice : {start: tokenCount - 1, end: tokenCount}
  const [start, setStart] = useState(Math.max(1, kept.start))
  const [last, setLast] = useState(Math.max(1, kept.end - 1))
  const end = Math.max(start, last) + 1
  return (
    <div className="form-row">
      <span>Tokens</span>
      <NumberInput
        label="First token of the span"
        value={start}
        onChange={setStart}
        minimum={1}
        maximum={Math.max(1, tokenCount - 1)}
        step={1}
        isWhole
        widthPx={56}
      />
      <span>to</span>
      <NumberInput
        label="Last token of the span"
        value={Math.max(start, last)}
        onChange={setLast}
        minimum={start}
        maximum={Math.max(start, tokenCount - 1)}
        step={1}
        isWhole
        widthPx={56}
      />
      <span className="ink-3">their mean</span>
      <Button
        look="edge"
        isDisabled={tokenCount < 2}
        onPress={() => onChoose({kind: 'span', start, end})}
        testId="target-span"
      >
        Explain
      </Button>
    </div>
  )
}

interface ContrastFieldsProps {
  readonly after: number | null
  readonly where: string
  readonly onChoose: (target: TargetChoice) => void
}

/** Why A rather than B: both are chosen, then it is asked. */
function ContrastFields({after, where, onChoose}: ContrastFieldsProps) {
  const [a, setA] = useState<VocabularyEntry | null>(null)
  const [b, setB] = useState<VocabularyEntry | null>(null)
  return (
    <>
      <h2>Why A rather than B, {where}</h2>
      {[
        {name: 'A', entry: a, set: setA},
        {name: 'B', entry: b, set: setB},
      ].map(({name, entry, set}) => (
        <div key={name} className="form-row">
          <span className="contrast-name">{name}</span>
          {entry ? (
            <Button onPress={() => set(null)} aria-label={`Choose another ${name}`}>
              <EntryChip entry={entry} />
            </Button>
          ) : (
            <TokenSearch label={`Token ${name}`} testId={`contrast-${name}`} onChoose={set} />
          )}
        </div>
      ))}
      <Button
        look="edge"
        isDisabled={!a || !b || a.id === b.id}
        onPress={() => a && b && onChoose({kind: 'contrast', after, tokenIds: [a.id, b.id]})}
        testId="target-contrast"
      >
        Explain A rather than B
      </Button>
    </>
  )
}
