import {
  type AttributionWish,
  selectAttributionRun,
  selectAttributionWish,
} from './attribution-requests.ts'
import {
  type AttributionChoice,
  type AttributionLooks,
  type AttributionTrialEntry,
  FIRST_TARGET,
  type TargetChoice,
  type TokenChange,
} from './attribution-state.ts'
import type {Captures} from './captures.ts'
import {type StoreContext, shownProblem} from './context.ts'
import type {PaneIndex, RunId, WorkbenchState} from './state.ts'

export interface AttributionChoiceActions {
  /** What is explained of a run. */
  setAttributionTarget(runId: RunId, target: TargetChoice): void
  changeAttribution(change: Partial<AttributionChoice>): void
  changeAttributionLooks(change: Partial<AttributionLooks>): void
  /** Puts a token in place of another, and sees what becomes of the target; null puts the own one back. */
  replaceToken(pane: PaneIndex, position: number, id: number | null): void
  clearReplacements(pane: PaneIndex): void
  /** Makes the changes of an earlier trial again. */
  repeatReplacement(pane: PaneIndex, changes: readonly TokenChange[]): void
}

const NAMES: Readonly<Record<keyof AttributionChoice, string>> = {
  method: 'choose a method',
  preset: 'choose a preset',
  sampler: 'choose where replacements come from',
  ratio: 'change the share that is replaced',
  keep: 'change what is kept',
  overlap: 'change the overlap',
  stopK: 'change the stopping rank',
  maxSteps: 'change the steps',
  probes: 'change the probes',
  testEvery: 'change how often it is tested',
  comparesExact: 'compare with the exact mode',
  seed: 'change the seed',
  hasChecks: 'choose the checks',
  draws: 'change the draws',
}
const MOST_TRIALS = 100

/** Replacements by hand in a run, in the order of the text. */
export function selectChanges(
  {attributionChanges}: Pick<WorkbenchState, 'attributionChanges'>,
  runId: RunId | null
): readonly TokenChange[] {
  return (runId !== null && attributionChanges[runId]) || NO_CHANGES
}
const NO_CHANGES: readonly TokenChange[] = []

/** What is explained and how it is looked at: all of it can be undone. */
export function createAttributionChoiceActions(context: StoreContext): AttributionChoiceActions {
  const {store, change, captures} = context
  const tryChanges = createTrials(context)

  const setChanges = (pane: PaneIndex, changes: readonly TokenChange[], what: string) => {
    const state = store.getState()
    const shown = selectAttributionRun(state, captures, pane)
    if (!shown) return
    const {id} = shown.run
    const sorted = [...changes].sort((a, b) => a.position - b.position)
    change(what, {attributionChanges: {...state.attributionChanges, [id]: sorted}})
    const wish = selectAttributionWish(store.getState(), captures, pane)
    if (wish && sorted.length > 0) tryChanges(wish, sorted)
  }
  return {
    setAttributionTarget(runId, target) {
      const {attributionTargets} = store.getState()
      const old = attributionTargets[runId] ?? FIRST_TARGET
      if (JSON.stringify(old) === JSON.stringify(target)) return
      change('choose what is explained', {
        attributionTargets: {...attributionTargets, [runId]: target},
      })
    },
    changeAttribution(choiceChange) {
      const {attributionChoice} = store.getState()
      const keys = (Object.keys(choiceChange) as (keyof AttributionChoice)[]).filter(
        (key) => !Object.is(attributionChoice[key], choiceChange[key])
      )
      if (keys.length === 0) return
      change(
        NAMES[keys[0]!],
        {attributionChoice: {...attributionChoice, ...choiceChange}},
        {merge: `attribution ${keys.join(' ')}`}
      )
    },
    changeAttributionLooks(looks) {
      const {attributionLooks} = store.getState()
      const keys = (Object.keys(looks) as (keyof AttributionLooks)[]).filter(
        (key) => attributionLooks[key] !== looks[key]
      )
      if (keys.length === 0) return
      change('choose how scores are shown', {attributionLooks: {...attributionLooks, ...looks}})
    },
    replaceToken(pane, position, id) {
      const state = store.getState()
      const shown = selectAttributionRun(state, captures, pane)
      if (!shown) return
      const others = selectChanges(state, shown.run.id).filter((one) => one.position !== position)
      const isOwn = id === null || shown.data.tokens[position]?.id === id
      setChanges(pane, isOwn ? others : [...others, {position, id}], 'replace a token')
    },
    clearReplacements: (pane) => setChanges(pane, [], 'put the tokens back'),
    repeatReplacement: (pane, changes) => setChanges(pane, changes, 'replace tokens'),
  }
}

/** The target of an attribution, once it is known: of the likeliest token only a run tells which it is. */
export function selectKnownTarget(captures: Pick<Captures, 'attributions'>, key: string) {
  const run = captures.attributions.peek(key)?.run
  return run?.rows.get(0)?.target ?? run?.estimates.get(0)?.target ?? null
}

/** Runs the text without and with changes, and keeps what became of the target. */
function createTrials({set, captures, client}: StoreContext) {
  let count = 0
  return (wish: AttributionWish, changes: readonly TokenChange[]) => {
    const target = selectKnownTarget(captures, wish.key)
    const data = captures.runs.peek(wish.runId)
    if (!target || !data) return
    const id = count++
    const entry: AttributionTrialEntry = {
      ...{id, runId: wish.runId, key: wish.key, changes},
      outcome: {kind: 'running'},
    }
    set(({attributionTrials}) => ({
      attributionTrials: [entry, ...attributionTrials].slice(0, MOST_TRIALS),
    }))
    const settle = (outcome: AttributionTrialEntry['outcome']) =>
      set(({attributionTrials}) => ({
        attributionTrials: attributionTrials.map((one) =>
          one.id === id ? {...one, outcome} : one
        ),
      }))
    const first = target.positions[0]!
    const {model, file} = wish.request
    client.attributions
      .try({
        ...{model, file},
        // The target's own tokens stand in its place, forced or not.
        ids: Int32Array.from(data.tokens.slice(0, first), (token) => token.id),
        targetPositions: [...target.positions],
        targetTokenIds: [...target.tokenIds],
        contrastId: target.contrastId,
        changes: changes.filter(({position}) => position < first).map((one) => ({...one})),
      })
      .then(
        (result) => settle({kind: 'completed', result}),
        (error: unknown) => settle({kind: 'failed', problem: shownProblem(error)})
      )
  }
}
