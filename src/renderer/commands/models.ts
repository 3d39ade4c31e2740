import {selectActiveListing, selectLoaded} from '../store/models.ts'
import type {Workbench} from '../store/workbench.ts'
import type {Command} from './command.ts'

/** Loads the chosen model anew, as after a change of the number of threads. */
export async function reloadChosenModel({store, actions}: Workbench): Promise<void> {
  const listing = selectActiveListing(store.getState())
  if (!listing) return
  await actions.unloadModel(listing.path)
  await actions.chooseModel(listing.path)
}

export const reloadModel: Command = {
  id: 'reload-model',
  title: 'Load the model again',
  group: 'run',
  keywords: 'reload threads memory',
  when: (state) => selectLoaded(state, state.activeModelPath) !== null,
  whyNot: () => 'no model is loaded',
  run: (workbench) => void reloadChosenModel(workbench),
}

export const unloadModel: Command = {
  id: 'unload-model',
  title: 'Unload the model',
  group: 'run',
  keywords: 'free memory',
  when: (state) => selectLoaded(state, state.activeModelPath) !== null,
  whyNot: () => 'no model is loaded',
  run: ({store, actions}) => {
    const path = store.getState().activeModelPath
    if (path !== null) void actions.unloadModel(path)
  },
}
