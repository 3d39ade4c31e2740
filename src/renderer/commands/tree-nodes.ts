import type {TargetOf} from '../lenses/target.ts'
import type {RunId, WorkbenchState} from '../store/state.ts'
import {selectMarks} from '../store/tree.ts'
import {keyOfNode, selectedNode, selectShownTree} from '../store/tree-shown.ts'
import type {Workbench} from '../store/workbench.ts'
import type {Shortcut} from '../ui/shortcut.ts'
import type {Command, TargetCommand} from './command.ts'

interface NodePlace {
  readonly runId: RunId
  readonly key: string
}

interface NodeCommand {
  readonly id: string
  readonly title: string
  readonly shortcut: Shortcut
  readonly otherShortcuts?: readonly Shortcut[]
  readonly section: TargetCommand['section']
  /** As a menu names it where it depends on the node. */
  titleOf?(place: NodePlace, workbench: Workbench): string
  run(workbench: Workbench, place: NodePlace): void
}

const NODE_COMMANDS: readonly NodeCommand[] = [
  {
    ...{
      id: 'continue-node',
      title: 'Continue from the node',
      shortcut: {key: 'Enter'},
      section: 'do',
    },
    run: ({actions}, {runId, key}) => void actions.continueFrom(runId, key),
  },
  {
    ...{id: 'grow-node', title: 'Grow below the node', shortcut: {key: 'g'}, section: 'do'},
    run: ({actions}, {runId, key}) => void actions.growBelow(runId, key),
  },
  {
    ...{id: 'follow-node', title: 'Follow the likeliest', shortcut: {key: 'f'}, section: 'go'},
    run: ({actions}, {runId, key}) => void actions.followLikeliest(runId, key),
  },
  {
    ...{
      id: 'collapse-node',
      title: 'Collapse or expand the node',
      shortcut: {key: ' '},
      section: 'do',
    },
    titleOf: ({runId, key}, {store}) =>
      selectMarks(store.getState(), runId).collapsed.includes(key) ? 'Expand' : 'Collapse',
    run: ({actions}, {runId, key}) => actions.toggleCollapsed(runId, key),
  },
  {
    ...{id: 'pin-node', title: 'Pin the branch', shortcut: {key: 'p'}, section: 'do'},
    titleOf: ({runId, key}, {store}) =>
      selectMarks(store.getState(), runId).pinned.includes(key)
        ? 'Unpin the branch'
        : 'Pin the branch',
    run: ({actions}, {runId, key}) => actions.togglePinned(runId, key),
  },
  {
    ...{
      id: 'change-node',
      title: 'Change the token of the node',
      shortcut: {key: 'e'},
      section: 'do',
    },
    run: ({actions}, {runId, key}) => {
      actions.selectNode(runId, key)
      // The field is drawn with the node.
      setTimeout(() => document.getElementById('change-token')?.focus())
    },
  },
  {
    ...{id: 'prune-node', title: 'Prune the node', shortcut: {key: 'Delete'}, section: 'remove'},
    otherShortcuts: [{key: 'Backspace'}],
    run: ({actions}, {runId, key}) => actions.pruneNode(runId, key),
  },
]

/** The selected token of the tree in the active pane. */
function selected(state: WorkbenchState, {captures}: Workbench): NodePlace | null {
  const shown = selectShownTree(state, captures, state.activePane)
  const node = shown && shown.kind === 'tree' ? selectedNode(shown) : null
  return shown && node && node.tokenId !== null
    ? {runId: shown.runId, key: keyOfNode(shown, node.id)}
    : null
}

/** What is done with the selected node of a tree. */
export const TREE_COMMANDS: readonly Command[] = [
  ...NODE_COMMANDS.map(
    ({id, title, shortcut, otherShortcuts, run}): Command => ({
      ...{id, title, shortcut, group: 'run', detail: 'tree', lens: 'tree'},
      ...(otherShortcuts ? {otherShortcuts} : {}),
      when: (state, workbench) => selected(state, workbench) !== null,
      whyNot: () => 'select a node of Tree first',
      run: (workbench) => {
        const place = selected(workbench.store.getState(), workbench)
        if (place) run(workbench, place)
      },
    })
  ),
  {
    ...{id: 'release-node', title: 'Let the node go', group: 'go', detail: 'tree', lens: 'tree'},
    shortcut: {key: 'Escape'},
    when: (state, workbench) => selected(state, workbench) !== null,
    whyNot: () => 'no node is selected',
    run: (workbench) => {
      const place = selected(workbench.store.getState(), workbench)
      if (place) workbench.actions.selectNode(place.runId, null)
    },
  },
]

/** The same with the node under the pointer. */
export const NODE_TARGETS: readonly TargetCommand[] = NODE_COMMANDS.map(
  ({id, title, section, titleOf, run}): TargetCommand<'node'> => ({
    ...{id: `target-${id}`, targets: 'node', section, like: id},
    titleOf: (target, workbench) => titleOf?.(target, workbench) ?? title,
    run: (workbench, target: TargetOf<'node'>) => run(workbench, target),
  })
) as unknown as readonly TargetCommand[]
