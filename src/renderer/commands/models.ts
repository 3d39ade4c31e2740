import {selectActiveListing, selectActiveModel} from '../store/models.ts'
import type {Workbench} from '../store/workbench.ts'
import type {Command} from './command.ts'

/** Loads the chosen model anew, as after a change of the number of threads. */
export async function reloadChosenModel({store, actions}: Workbench): Promise<void> {
  const {activeModelPath, activeModelFile} = store.getState()
  if (activeModelPath === null) return
  await actions.unloadModel(activeModelPath)
  await actions.chooseModel(activeModelPath, activeModelFile)
}

export const openModelCard: Command = {
  id: 'model-card',
  title: 'Card of the model',
  group: 'help',
  detail: 'what it was trained on, what it can do, where it fails',
  keywords: 'readme data accuracy weaknesses licence',
  when: (state) => selectActiveListing(state) !== null,
  whyNot: () => 'no model is chosen',
  run: ({store, actions}) => {
    const {activeModelPath} = store.getState()
    if (activeModelPath !== null) actions.openDialog('model-card', activeModelPath)
  },
}

export const inspectModel: Command = {
  id: 'inspect-model',
  title: 'What can be seen in the model',
  group: 'help',
  detail: 'where its attention comes from, which lenses it has, and checks of them',
  keywords: 'inspect attention heads residual stream logit lens kv cache verify onnx graph',
  when: (state) => selectActiveListing(state) !== null,
  whyNot: () => 'no model is chosen',
  run: ({store, actions}) => {
    const {activeModelPath} = store.getState()
    if (activeModelPath !== null) actions.openDialog('inspect', activeModelPath)
  },
}

export const reloadModel: Command = {
  id: 'reload-model',
  title: 'Load the model again',
  group: 'run',
  keywords: 'reload threads memory',
  when: (state) => selectActiveModel(state) !== null,
  whyNot: () => 'no model is loaded',
  run: (workbench) => void reloadChosenModel(workbench),
}

export const unloadModel: Command = {
  id: 'unload-model',
  title: 'Unload the model',
  group: 'run',
  keywords: 'free memory',
  when: (state) => selectActiveModel(state) !== null,
  whyNot: () => 'no model is loaded',
  run: ({store, actions}) => {
    const path = store.getState().activeModelPath
    if (path !== null) void actions.unloadModel(path)
  },
}
