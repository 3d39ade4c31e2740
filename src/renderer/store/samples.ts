import type {Slots} from '../../shared/samples/sample.ts'
import type {Sample, SampleIn, SampleLens} from '../../shared/samples/samples.ts'
import type {AttentionChoice} from './attention-state.ts'
import {type StoreContext, shownProblem} from './context.ts'
import {promptKeyOf} from './critical-requests.ts'
import {selectPane, withPane} from './panes.ts'
import {selectRequest} from './run-requests.ts'
import type {RequestChange, RunActions} from './runs.ts'
import type {DocumentState, RunId, WorkbenchState} from './state.ts'

/** Session: what the claims of samples measured on the page, where it is more than the run itself. */
export interface SamplesState {
  /** By run; none where the claim does not hold. */
  readonly sampleSlots: Readonly<Record<RunId, Slots>>
}

export const initialSamples: SamplesState = {sampleSlots: {}}

export interface SampleActions {
  /** Opens a sample in its lens in the active pane, runs it with the chosen model and selects what it is about. */
  runSample(sample: Sample): void
}

type Opening<Lens extends SampleLens> = (
  sample: SampleIn<Lens>,
  state: WorkbenchState
) => Partial<DocumentState>

/** What of the document a sample sets beside prompt, pane and lock: its selection and its settings. */
const OPENINGS: {readonly [Lens in SampleLens]: Opening<Lens>} = {
  tokens({settings}, {parameters}) {
    if (!settings) return {}
    const {isByteShown, ...values} = settings
    return {
      parameters: {...parameters, ...values},
      ...(isByteShown === undefined ? {} : {isByteShown}),
    }
  },
  attribute: (sample, state) => attributionOpening(sample, state),
  critical: ({prompt, settings}, {criticalAnswers}) =>
    settings
      ? {criticalAnswers: {...criticalAnswers, [promptKeyOf({prompt})]: settings.answer}}
      : {},
  tree: (sample, state) => treeOpening(sample, state),
  tokenize: ({settings}) => ({
    comparedSource: {kind: 'prompt'},
    ...(settings ? {comparedTokenizers: settings.tokenizers, referenceTokenizer: null} : {}),
  }),
  attention({selection: {layer, head}, settings}, state) {
    const {activePane, attentionShown, attentionFilters} = state
    const shown: AttentionChoice = {
      ...attentionShown[activePane],
      layer,
      head,
      aggregate: 'head' as const,
    }
    return {
      attentionShown: activePane === 0 ? [shown, attentionShown[1]] : [attentionShown[0], shown],
      ...(settings ? {attentionFilters: {...attentionFilters, ...settings}} : {}),
    }
  },
}

function attributionOpening(
  {settings}: SampleIn<'attribute'>,
  {attributionChoice}: WorkbenchState
): Partial<DocumentState> {
  return settings ? {attributionChoice: {...attributionChoice, ...settings}} : {}
}

function treeOpening(
  {settings}: SampleIn<'tree'>,
  {treeLaw, treeGrowth, treeDistribution, draftChoice}: WorkbenchState
): Partial<DocumentState> {
  return {
    treeLaw: {...treeLaw, ...settings?.law},
    treeGrowth: {...treeGrowth, ...settings?.growth},
    treeDistribution: settings?.distribution ?? treeDistribution,
    draftChoice: {...draftChoice, ...settings?.draft},
  }
}

function openingOf<Lens extends SampleLens>(
  sample: SampleIn<Lens>,
  state: WorkbenchState
): Partial<DocumentState> {
  const {lens, view, prompt} = sample
  const {activePane} = state
  const pane = selectPane(state)
  const isThere = pane.lensId === lens
  const open = OPENINGS[lens as Lens] as Opening<Lens>
  return {
    promptText: prompt,
    isChat: false,
    panes: withPane(state, activePane, {
      lensId: lens,
      view: view !== undefined ? view : isThere ? pane.view : null,
    }),
    ...open(sample, state),
  }
}

export function createSampleActions(
  {store, set, change, client}: Pick<StoreContext, 'store' | 'set' | 'change' | 'client'>,
  {runPrompt}: Pick<RunActions, 'runPrompt'>
): SampleActions {
  /** What follows the prompt of a sample, as the chosen model's tokenizer cuts it. */
  const idsOfResponse = async ({prompt, response}: Pick<Sample, 'prompt' | 'response'>) => {
    const state = store.getState()
    const asked = selectRequest({...state, promptText: prompt, isChat: false})
    if (!asked) return []
    const {model, file} = asked
    const {responseIds} = await client.criticals.respond({
      ...{model, prompt, response},
      ...(file === undefined ? {} : {file}),
    })
    return responseIds
  }

  return {
    runSample(sample) {
      const opening = openingOf(sample, store.getState())
      const {position} = sample.selection
      const what = 'choose a sample'
      // A run has its prompt's end locked unless told.
      const lockedPosition = position === 'end' ? undefined : position
      const run = (follows: RequestChange) => {
        if (!runPrompt(follows, lockedPosition, {what, patch: opening})) change(what, opening)
      }
      if (!('response' in sample)) {
        run({})
        return
      }
      void idsOfResponse(sample).then(
        (completionIds) => run({completionIds, generate: 0}),
        (error: unknown) => {
          run({})
          set({notice: shownProblem(error).message})
        }
      )
    },
  }
}
