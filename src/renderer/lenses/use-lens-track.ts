import {useStore} from 'zustand'
import {selectPane} from '../store/panes.ts'
import type {LensTrack} from './lens.ts'
import {LENSES} from './registry.ts'
import {useWorkbench} from './use-workbench.ts'

/** What the active pane's lens says of each token, where it says anything. */
export function useLensTrack(): LensTrack | null {
  const workbench = useWorkbench()
  return useStore(workbench.store, (state) => {
    const {lensId, runId} = selectPane(state)
    const track = LENSES.find(({id}) => id === lensId)?.track?.(state, workbench) ?? null
    return track?.runId === runId ? track : null
  })
}
