import {formatCount, formatSetting} from '../../../shared/figures/number-format.ts'
import {
  draftStepView,
  type FrameName,
  frameCount,
  frameName,
  frameOf,
  testsBy,
} from '../../../shared/lenses/draft-player.ts'
import {DRAFT_STRATEGIES, type DraftStrategy} from '../../../shared/lenses/tree.ts'
import {LAST_FRAME, type ShownTree} from '../../store/tree-shown.ts'
import {Button} from '../../ui/button.tsx'
import {MenuChoice} from '../../ui/menu-choice.tsx'
import {shortcutText} from '../../ui/shortcut.ts'
import {SliderField} from '../../ui/slider-field.tsx'
import {Stepper} from '../../ui/stepper.tsx'
import {usePaneSuffix} from '../use-pane.ts'
import {useActions, useWorkbenchState} from '../use-workbench.ts'
import {DraftShape} from './draft-shape.tsx'

const NAMES: Readonly<Record<DraftStrategy, {text: string; note: string}>> = {
  chain: {text: 'chain', note: 'one path'},
  specinfer: {text: 'SpecInfer', note: 'i.i.d. children'},
  dyspec: {text: 'DySpec', note: 'greedy by estimate'},
  'dyspec-threshold': {text: 'DySpec threshold', note: 'level by level'},
  'rsd-c': {text: 'RSD-C', note: 'without replacement'},
  'rsd-s': {text: 'RSD-S', note: 'stochastic beam'},
  spectr: {text: 'SpecTr', note: 'K-SEQ, optimal rho'},
  'token-recycling': {text: 'Token Recycling', note: 'no draft model'},
  lookahead: {text: 'Lookahead trie', note: 'no draft model'},
}

/** The player, and how drafts are made. */
export function DraftControls({shown}: {readonly shown: ShownTree | null}) {
  const actions = useActions()
  const suffix = usePaneSuffix()
  const choice = useWorkbenchState((state) => state.draftChoice)
  const models = useWorkbenchState((state) => state.listings)
  const drafts = [
    {value: '', text: 'built-in draft'},
    ...models
      .filter(({problem}) => !problem)
      .map(({id, path, source}) => ({value: source === 'builtin' ? id : path, text: id})),
    ...[0, 1, 2, 3].map((layer) => ({value: `self:${layer}`, text: `self, exit L${layer}`})),
  ]
  const known = drafts.some(({value}) => value === choice.draft)
  return (
    <section className="controls" aria-label={`Controls${suffix}`}>
      {shown && <Player shown={shown} />}
      <MenuChoice
        label="Strategy"
        value={choice.strategy}
        options={DRAFT_STRATEGIES.map((value) => ({value, ...NAMES[value]}))}
        onChange={(strategy) => actions.changeDraft({strategy})}
        testId="draft-strategy"
      />
      <DraftShape choice={choice} />
      <MenuChoice
        label="Draft"
        value={choice.draft}
        options={known ? drafts : [...drafts, {value: choice.draft, text: choice.draft}]}
        onChange={(draft) => actions.changeDraft({draft})}
        testId="draft-model"
      />
      <SliderField
        label="temperature"
        shortLabel="T"
        value={choice.temperature}
        onChange={(temperature) => actions.changeDraft({temperature})}
        {...{minimum: 0, maximum: 2, step: 0.1, fieldMinimum: 0, fieldMaximum: 100}}
        format={formatSetting}
        testId="draft-temperature"
      />
      <div className="control-ends">
        <Button look="edge" onPress={() => actions.openDialog('export')} testId="export">
          Export <kbd>{shortcutText({key: 'e', mod: true})}</kbd>
        </Button>
      </div>
    </section>
  )
}

const FRAMES: readonly (readonly [FrameName, string])[] = [
  ['draft', 'draft'],
  ['mask', 'mask'],
  ['test', 'verify'],
  ['residual', 'residual'],
  ['commit', 'commit'],
]

/** Which step, and how much of it: draft › mask › verify, test by test › residual › commit. */
function Player({shown}: {readonly shown: ShownTree}) {
  const {showDraftStep, moveDraftFrame, showDraftFrame} = useActions()
  const {runId, step, result} = shown
  const view = draftStepView(result, step)
  const steps = result.stats?.steps ?? step + 1
  if (!view) return null
  const at = Math.min(shown.at, frameCount(view) - 1)
  const current = frameName(view, at)
  return (
    <fieldset className="player" aria-label="Step player">
      <Stepper
        label="step"
        value={step}
        maximum={steps - 1}
        onChange={(next) => showDraftStep(runId, next)}
        testId="draft-step"
      />
      <Button
        look="icon"
        aria-label="To the draft"
        onPress={() => showDraftFrame(runId, 0)}
        testId="frame-first"
      >
        <Glyph d="M1 1h1.4v6H1zM7.5 1v6L3 4z" />
      </Button>
      <Button
        look="icon"
        aria-label="Back"
        onPress={() => moveDraftFrame(runId, -1)}
        testId="frame-back"
      >
        <Glyph d="M6 1v6L2 4z" />
      </Button>
      <Button
        look="icon"
        aria-label="On"
        onPress={() => moveDraftFrame(runId, 1)}
        testId="frame-on"
      >
        <Glyph d="M2 1v6l4-3z" />
      </Button>
      <Button
        look="icon"
        aria-label="To the commit"
        onPress={() => showDraftFrame(runId, LAST_FRAME)}
        testId="frame-last"
      >
        <Glyph d="M5.6 1H7v6H5.6zM.5 1v6L5 4z" />
      </Button>
      <ol className="frames">
        {FRAMES.map(([name, word]) => {
          const to = frameOf(view, name)
          const isOn = name === current
          const count = view.tests.length
          const text =
            name === 'test'
              ? `${word} ${isOn ? `${formatCount(testsBy(view, at))} of ` : ''}${formatCount(count)}`
              : word
          return (
            <li key={name}>
              <button
                type="button"
                className={isOn ? 'on' : ''}
                aria-current={isOn ? 'step' : undefined}
                disabled={to === null}
                data-testid={isOn ? 'frame-name' : undefined}
                data-frame={name}
                onClick={() => {
                  if (to !== null) showDraftFrame(runId, to)
                }}
              >
                {text}
              </button>
            </li>
          )
        })}
      </ol>
    </fieldset>
  )
}

function Glyph({d}: {readonly d: string}) {
  return (
    <svg width="8" height="8" aria-hidden="true">
      <path d={d} fill="currentColor" />
    </svg>
  )
}
