import {memo, useMemo} from 'react'
import {FORM_WORDS} from '../../../shared/figures/attention/graph-words.ts'
import {formatPercent} from '../../../shared/figures/attention/matrix-legend.ts'
import {formatCount, formatMany} from '../../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import type {TokensRun} from '../../../shared/lenses/assemble-tokens.ts'
import {importanceVariantSchema} from '../../../shared/lenses/attention-maps.ts'
import type {WorkPhase} from '../../store/attention-graph-state.ts'
import {LEAST_KEPT, type Pruned, pruneKey, selectPrune} from '../../store/attention-prune.ts'
import {pinnedPositions, selectPins} from '../../store/selection.ts'
import {Button} from '../../ui/button.tsx'
import {MenuChoice} from '../../ui/menu-choice.tsx'
import {SliderField} from '../../ui/slider-field.tsx'
import {targetProps} from '../target.ts'
import {usePaneRunId, usePaneSuffix, useTokenActions} from '../use-pane.ts'
import {useRunData} from '../use-tokens.ts'
import {useActions, useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {AttentionWait} from './attention-wait.tsx'
import {ControlEnds} from './control-ends.tsx'
import {Tables} from './trial-panel.tsx'
import './prune.css'

/** What the active pane prunes, and what has come of it. */
function usePruned() {
  const {store, captures} = useWorkbench()
  useWorkbenchState((state) => ({
    panes: state.panes,
    budgets: state.pruneBudgets,
    variant: state.pruneVariant,
    slots: state.attentionSlots,
    revision: state.pruneRevision,
    shown: state.pruneShownKey,
  }))
  const state = store.getState()
  const spec = selectPrune(state, captures)
  if (!spec) return null
  const key = pruneKey(spec)
  const own = captures.prunings.peek(key) ?? null
  const {pruneShownKey} = state
  const isOfText = pruneShownKey?.startsWith(`${spec.runId}:${spec.tokenCount}:`) ?? false
  const old = isOfText ? (captures.prunings.peek(pruneShownKey!) ?? null) : null
  return {
    spec,
    pruned: own ?? old,
    isCurrent: own !== null,
    result: captures.prunedRuns.peek(key) ?? null,
  }
}

/** Which tokens could be left out, drawn on the text, and what would follow without them. */
export function PruneView() {
  const found = usePruned()
  const data = useRunData()
  const {cancelPrune, askPruneAgain} = useActions()
  const {phase, runPhase} = useWorkbenchState((state) => ({
    phase: state.prunePhase,
    runPhase: state.pruneRunPhase,
  }))
  if (!found || !data) return <AttentionWait />
  const {spec, pruned, isCurrent, result} = found
  if (spec.tokenCount <= LEAST_KEPT) {
    return (
      <p className="ink-2" data-testid="prune-empty">
        The first and the last token always stay: of {formatMany(spec.tokenCount, 'token')} none can
        be left out.
      </p>
    )
  }
  return (
    <div
      className="prune"
      data-testid="prune"
      data-current={isCurrent}
      data-kept={pruned?.kept.length ?? ''}
      data-done={result !== null}
    >
      <section
        className="prune-text"
        aria-label="Tokens that stay and that go"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
        tabIndex={0}
      >
        {pruned && <PrunedText data={data} pruned={pruned} />}
      </section>
      <section className="prune-side" aria-label="What follows without them">
        <div className="trial-head">
          <span className="strong">Next token after the last one</span>
          <span className="ink-3 small">raw, temperature 1</span>
        </div>
        <PruneWork
          phase={phase}
          what="Comparing tokens"
          onCancel={cancelPrune}
          onAgain={askPruneAgain}
        />
        {phase.kind === 'idle' && (
          <PruneWork
            phase={runPhase}
            what="Running with all, and without those that go"
            onCancel={cancelPrune}
            onAgain={askPruneAgain}
          />
        )}
        {result && <Tables result={result} />}
        <PruneKey pruned={pruned} />
      </section>
    </div>
  )
}

interface PruneWorkProps {
  readonly phase: WorkPhase
  readonly what: string
  readonly onCancel: () => void
  readonly onAgain: () => void
}

function PruneWork({phase, what, onCancel, onAgain}: PruneWorkProps) {
  switch (phase.kind) {
    case 'idle':
      return null
    case 'running': {
      const percent = phase.total > 0 ? Math.round((100 * phase.done) / phase.total) : 0
      const {secondsLeft} = phase
      return (
        <div className="lens-wait" data-testid="prune-running">
          <p role="status">
            {what}: {percent} %
            {secondsLeft !== null &&
              `, at most ${formatCount(Math.max(1, Math.ceil(secondsLeft)))} s left`}
          </p>
          <div
            className="load-bar"
            role="progressbar"
            aria-label={what}
            aria-valuenow={percent}
            aria-valuemin={0}
            aria-valuemax={100}
          >
            <span style={{width: `${percent}%`}} />
          </div>
          <Button look="edge" onPress={onCancel} testId="prune-cancel">
            Cancel
          </Button>
        </div>
      )
    }
    case 'cancelled':
      return (
        <div className="lens-wait" data-testid="prune-cancelled">
          <p>Cancelled: this budget was not run.</p>
          <Button look="edge" onPress={onAgain} testId="prune-again">
            Run it
          </Button>
        </div>
      )
    case 'failed':
      return (
        <div className="lens-wait" role="alert" data-testid="prune-problem">
          <p>
            <span className="failed">✕</span> {phase.problem.message} {phase.problem.found}{' '}
            {phase.problem.advice}
          </p>
          <Button look="edge" onPress={onAgain}>
            Try again
          </Button>
        </div>
      )
  }
}

/** How many stay and go, and how each is drawn. */
function PruneKey({pruned}: {readonly pruned: Pruned | null}) {
  if (!pruned) return null
  const {kept, droppedByImportance, droppedBySimilarity} = pruned
  const total = kept.length + droppedByImportance.length + droppedBySimilarity.length
  return (
    <dl className="prune-key small">
      <dt>
        <span className="prune-token kept">stays</span>
      </dt>
      <dd>
        {formatCount(kept.length)} of {formatMany(total, 'token')} (
        {formatPercent(kept.length / total)}
        ); the first and the last always
      </dd>
      <dt>
        <span className="prune-token similar">goes</span>
      </dt>
      <dd>{formatCount(droppedBySimilarity.length)}, key vectors like those of one that stays</dd>
      <dt>
        <span className="prune-token light">goes</span>
      </dt>
      <dd>{formatCount(droppedByImportance.length)}, least important of the rest</dd>
    </dl>
  )
}

interface PrunedTextProps {
  readonly data: TokensRun
  readonly pruned: Pruned
}

const PrunedText = memo(function PrunedText({data, pruned}: PrunedTextProps) {
  const runId = usePaneRunId()
  const {hover, toggleLock} = useTokenActions()
  const pins = useWorkbenchState((state) => selectPins(state, runId))
  const pinNumbers = useMemo(
    () => new Map(pinnedPositions(pins).map((position, i) => [position, i + 1])),
    [pins]
  )
  const fates = useMemo(() => {
    const all = new Map<number, 'similar' | 'light'>()
    for (const at of pruned.droppedBySimilarity) all.set(at, 'similar')
    for (const at of pruned.droppedByImportance) all.set(at, 'light')
    return all
  }, [pruned])
  const positionOf = (target: EventTarget) => {
    const element =
      target instanceof Element ? target.closest<HTMLElement>('[data-position]') : null
    return element ? Number(element.dataset.position) : null
  }
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: tokens are walked by the page's own keys.
    // biome-ignore lint/a11y/noStaticElementInteractions: the same.
    <div
      className="prune-tokens"
      onPointerMove={(event) => hover(positionOf(event.target))}
      onPointerLeave={() => hover(null)}
      onClick={(event) => {
        const position = positionOf(event.target)
        if (position !== null) toggleLock(position)
      }}
    >
      {data.tokens.map((token) => {
        const fate = fates.get(token.position) ?? 'kept'
        const text = plainGlyphs(token) || `#${token.id}`
        const Tag = fate === 'kept' ? 'span' : 'del'
        const pin = pinNumbers.get(token.position)
        return (
          <Tag
            key={token.position}
            className={`prune-token ${fate}`}
            data-position={token.position}
            data-fate={fate}
            {...(runId ? targetProps({kind: 'token', runId, position: token.position}) : {})}
          >
            {pin !== undefined && (
              <span className="prune-pin" role="img" aria-label={`pin ${pin}`} data-pin={pin}>
                {pin}
              </span>
            )}
            {text}
          </Tag>
        )
      })}
    </div>
  )
})

/** What a preview of pruning is: one line. */
export function PruneCaption() {
  const found = usePruned()
  if (!found?.pruned)
    return 'Which tokens Zero-TPrune would keep, and what the model says without the others.'
  const {kept} = found.pruned
  return `Zero-TPrune keeps ${formatCount(kept.length)} of ${formatMany(found.spec.tokenCount, 'token')}; the model is really run without the others, whose places close up.`
}

/** How many tokens stay, and by which importance. */
export function PruneControls() {
  const suffix = usePaneSuffix()
  const found = usePruned()
  const {changePruneBudget, changePruneVariant} = useActions()
  const spec = found?.spec
  const most = Math.max(LEAST_KEPT, spec?.tokenCount ?? LEAST_KEPT)
  return (
    <section className="controls" aria-label={`Controls${suffix}`}>
      <SliderField
        label="tokens to keep"
        shortLabel="keep"
        value={spec?.keepCount ?? LEAST_KEPT}
        onChange={(count) => spec && changePruneBudget(spec.runId, Math.round(count))}
        minimum={LEAST_KEPT}
        maximum={Math.max(LEAST_KEPT + 1, most)}
        step={1}
        fieldMinimum={LEAST_KEPT}
        fieldMaximum={most}
        format={formatCount}
        testId="keep"
      />
      <span className="ink-3 small">
        {spec
          ? `of ${formatCount(spec.tokenCount)}, ${formatPercent(spec.keepCount / spec.tokenCount)}`
          : ''}
      </span>
      <MenuChoice
        label="Importance"
        value={spec?.variant ?? 'position-corrected'}
        options={importanceVariantSchema.options.map((value) => ({
          value,
          text: FORM_WORDS[value].title,
          note: value === 'position-corrected' ? 'PageRank, ours' : 'dominated by position',
        }))}
        onChange={changePruneVariant}
        testId="prune-variant"
      />
      <ControlEnds />
    </section>
  )
}
