import {selectTreeSpec} from '../../store/tree.ts'
import {type ShownTree, selectShownTree} from '../../store/tree-shown.ts'
import type {TreePhase} from '../../store/tree-state.ts'
import {usePaneIndex} from '../use-pane.ts'
import {useWorkbench, useWorkbenchState} from '../use-workbench.ts'

/** The tree of this pane; the component renders again whenever it grows or is changed. */
export function useTree(): ShownTree | null {
  const pane = usePaneIndex()
  const {captures} = useWorkbench()
  const {shown} = useWorkbenchState((state) => ({
    shown: selectShownTree(state, captures, pane),
    revision: state.treeRevision,
  }))
  return shown
}

const IDLE: TreePhase = {kind: 'idle'}

/** How what this pane waits for stands. */
export function useTreePhase(): TreePhase {
  const pane = usePaneIndex()
  const {captures} = useWorkbench()
  return useWorkbenchState((state) => {
    const spec = selectTreeSpec(state, captures, pane)
    return (spec && state.treePhases[spec.slot]) ?? IDLE
  })
}
