import {useEffect} from 'react'
import type {PaneIndex, WorkbenchState} from '../store/state.ts'
import type {Workbench} from '../store/workbench.ts'
import type {Shortcut} from '../ui/shortcut.ts'
import {usePaneIndex} from './use-pane.ts'
import {useWorkbench} from './use-workbench.ts'

/**
 * Something that keys step through while its lens is in the active pane, such as layers, heads or the nodes
 * of a tree. A lens lists its own in `walk` of its `lens.ts`; commands, keys, palette and shortcut sheet
 * follow. Tokens need none of this: they are walked in every lens.
 */
export interface WalkAxis {
  /** `layer`, `head`, `node`; with the lens's id it names the commands. */
  readonly id: string
  /** As in “Next head”, “Previous head”. */
  readonly noun: string
  readonly next: Shortcut
  readonly previous: Shortcut
  readonly first?: Shortcut
  readonly last?: Shortcut
  when(state: WorkbenchState, workbench: Workbench, pane: PaneIndex): boolean
  /** Moves by so many (negative: back); ±Infinity goes to the end. */
  step(workbench: Workbench, pane: PaneIndex, by: number): void
}

/** The token so many lines below (negative: above) another, as a figure draws them; null where there is none. */
export type LineWalk = (position: number, lineCount: number) => number | null

const lineWalks = new WeakMap<Workbench, Map<PaneIndex, LineWalk>>()

/**
 * Says which token is above and below which in what this pane draws, for the keys Up, Down, Page Up and
 * Page Down. Where no figure says so, a line is one token. `walk` must be memoized.
 */
export function useLineWalk(walk: LineWalk): void {
  const workbench = useWorkbench()
  const pane = usePaneIndex()
  useEffect(() => {
    const walks = lineWalks.get(workbench) ?? new Map<PaneIndex, LineWalk>()
    lineWalks.set(workbench, walks)
    walks.set(pane, walk)
    return () => {
      if (walks.get(pane) === walk) walks.delete(pane)
    }
  }, [workbench, pane, walk])
}

/** Where so many lines from a token are; see {@link useLineWalk}. */
export function tokenByLines(
  workbench: Workbench,
  pane: PaneIndex,
  position: number,
  lineCount: number
): number | null {
  const walk = lineWalks.get(workbench)?.get(pane)
  return walk ? walk(position, lineCount) : position + lineCount
}
