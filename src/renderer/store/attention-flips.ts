import {selectPicture, selectShown} from './attention.ts'
import {type AttentionChoiceActions, choiceAfter} from './attention-choices.ts'
import {pictureKey} from './attention-pictures.ts'
import type {AttentionShown, AttentionState} from './attention-state.ts'
import type {HeadStep} from './attention-wishes.ts'
import type {StoreContext} from './context.ts'
import {selectPane} from './panes.ts'
import type {PaneIndex, WorkbenchState} from './state.ts'

/** So long a head that a key asked for is not shown while its picture is not there. */
const FLIP_MS = 100
/** So long after a flip nothing but pictures is asked for: a key that is held flips on. */
const DETAIL_MS = 150

/** A choice that a key asked for, and that is shown together with its picture. */
interface Flip {
  target: AttentionShown
  /** What was chosen before; where that has become something else, nobody wants it any more. */
  base: AttentionState['attentionShown']
  /** All that was asked for on the way, by picture: each is shown if its picture comes. */
  readonly byPicture: Map<string, AttentionShown>
  isLanding: boolean
  cancel(): void
}

/**
 * Heads that a key flips to: the picture and all that names it change in one frame instead of two, and what is
 * said of the selection is asked for when the flipping ends.
 */
export interface Flips {
  /** Chooses what `step` makes of what is shown, or will be. */
  flip(pane: PaneIndex, step: (shown: AttentionShown) => Partial<AttentionShown>): void
  /** The state as it will be when what was asked for is shown; the state as it is where nothing was. */
  wanted(state: WorkbenchState, pane: PaneIndex): WorkbenchState
  isPending(pane: PaneIndex): boolean
  /** A picture is there: shows it, if a flip waits for it. */
  land(pane: PaneIndex, key: string): boolean
  /** Nothing but pictures is wanted for a moment. */
  isQuiet(pane: PaneIndex): boolean
  /** Where the last flip went: a key that is held goes there again. */
  lastStep(pane: PaneIndex): HeadStep
}

interface FlipsInput {
  readonly changeAttention: AttentionChoiceActions['changeAttention']
  /** Asks for what a pane misses. */
  want(pane: PaneIndex): void
}

export function createFlips(
  {store, captures, deps}: StoreContext,
  {changeAttention, want}: FlipsInput
): Flips {
  const flips: [Flip | null, Flip | null] = [null, null]
  const quiet: [(() => void) | null, (() => void) | null] = [null, null]
  const steps: [HeadStep, HeadStep] = [
    {layer: 0, head: 0},
    {layer: 0, head: 0},
  ]

  const withChoice = (state: WorkbenchState, pane: PaneIndex, choice: AttentionShown) => ({
    ...state,
    attentionShown:
      pane === 0
        ? ([choice, state.attentionShown[1]] as const)
        : ([state.attentionShown[0], choice] as const),
  })
  const wanted = (state: WorkbenchState, pane: PaneIndex): WorkbenchState => {
    const flip = flips[pane]
    if (!flip) return state
    if (flip.isLanding) flip.base = state.attentionShown
    if (flip.base === state.attentionShown && selectPane(state, pane).view === null) {
      return withChoice(state, pane, flip.target)
    }
    flip.cancel()
    flips[pane] = null
    return state
  }
  const show = (pane: PaneIndex, flip: Flip, choice: AttentionShown) => {
    flip.cancel()
    const {layer, head} = selectShown(store.getState(), captures, pane)
    steps[pane] = {layer: choice.layer - layer, head: choice.head - head}
    flip.isLanding = true
    if (choice === flip.target) flips[pane] = null
    else flip.cancel = deps.after(FLIP_MS, () => show(pane, flip, flip.target))
    changeAttention(choice, pane)
    flip.isLanding = false
  }

  return {
    wanted,
    isPending: (pane) => flips[pane] !== null,
    isQuiet: (pane) => quiet[pane] !== null,
    lastStep: (pane) => steps[pane],
    flip(pane, step) {
      const now = store.getState()
      const state = wanted(now, pane)
      const change = step(selectShown(state, captures, pane))
      const hasPicture = now.attentionSlots[pane].shownKey !== null
      const target = choiceAfter(state, captures, change, pane)
      const next = target.layer === null ? null : withChoice(now, pane, target)
      const spec = next && selectPicture(next, captures, pane)
      if (target.layer === null || !spec || !hasPicture || selectPane(now, pane).view !== null) {
        changeAttention(change, pane)
        return
      }
      const old = flips[pane]
      const key = pictureKey(spec)
      if (old) {
        old.target = target
        old.byPicture.set(key, target)
      } else {
        const flip: Flip = {
          ...{target, base: now.attentionShown, isLanding: false},
          byPicture: new Map([[key, target]]),
          cancel: deps.after(FLIP_MS, () => show(pane, flip, flip.target)),
        }
        flips[pane] = flip
      }
      want(pane)
    },
    land(pane, key) {
      const flip = flips[pane]
      const choice = flip?.byPicture.get(key)
      if (!flip || !choice) return false
      flip.byPicture.delete(key)
      quiet[pane]?.()
      quiet[pane] = deps.after(DETAIL_MS, () => {
        quiet[pane] = null
        want(pane)
      })
      show(pane, flip, choice)
      return true
    },
  }
}
