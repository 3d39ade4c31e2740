import {selectLoadedFiles} from '../store/models.ts'
import type {WorkbenchState} from '../store/state.ts'
import type {TargetCommand} from './command.ts'
import {copyText} from './copy-text.ts'

const isLoaded = (state: WorkbenchState, path: string) => selectLoadedFiles(state, path).length > 0

const useModel: TargetCommand<'model'> = {
  id: 'model-use',
  targets: 'model',
  section: 'do',
  titleOf: () => 'Use it for the next run',
  when: ({path}, {store}) => store.getState().activeModelPath !== path,
  run: ({actions}, {path}) => void actions.chooseModel(path),
}

const loadAgain: TargetCommand<'model'> = {
  id: 'model-reload',
  targets: 'model',
  section: 'do',
  titleOf: ({path}, {store}) =>
    isLoaded(store.getState(), path) ? 'Load it again' : 'Load it now',
  when: ({path}, {store}) => !(path in store.getState().loads),
  run: async ({store, actions}, {path}) => {
    const {activeModelPath, activeModelFile} = store.getState()
    await actions.unloadModel(path)
    await actions.chooseModel(path, path === activeModelPath ? activeModelFile : null)
  },
}

const cancelLoad: TargetCommand<'model'> = {
  id: 'model-cancel-load',
  targets: 'model',
  section: 'do',
  like: 'cancel',
  titleOf: () => 'Cancel loading it',
  when: ({path}, {store}) => path in store.getState().loads,
  run: ({actions}, {path}) => actions.cancelLoad(path),
}

const unload: TargetCommand<'model'> = {
  id: 'model-unload',
  targets: 'model',
  section: 'do',
  titleOf: () => 'Unload it from memory',
  when: ({path}, {store}) => isLoaded(store.getState(), path),
  run: ({actions}, {path}) => void actions.unloadModel(path),
}

const openCard: TargetCommand<'model'> = {
  id: 'model-open-card',
  targets: 'model',
  section: 'do',
  like: 'model-card',
  titleOf: () => 'Open its card',
  run: ({actions}, {path}) => actions.openDialog('model-card', path),
}

const inspect: TargetCommand<'model'> = {
  id: 'model-inspect',
  targets: 'model',
  section: 'do',
  like: 'inspect-model',
  titleOf: () => 'What can be seen in it',
  run: ({actions}, {path}) => actions.openDialog('inspect', path),
}

const copyPath: TargetCommand<'model'> = {
  id: 'model-copy-path',
  targets: 'model',
  section: 'copy',
  titleOf: () => 'Copy the path of its folder',
  run: (workbench, {path}) => void copyText(workbench, path),
}

const copyName: TargetCommand<'model'> = {
  id: 'model-copy-name',
  targets: 'model',
  section: 'copy',
  titleOf: () => 'Copy its name',
  run: (workbench, {path}) => {
    const {listings} = workbench.store.getState()
    void copyText(workbench, listings.find((listing) => listing.path === path)?.id ?? path)
  },
}

const forget: TargetCommand<'model'> = {
  id: 'model-forget',
  targets: 'model',
  section: 'remove',
  titleOf: () => 'Remove it from this list',
  when: ({path}, {store}) => {
    const {listings} = store.getState()
    const source = listings.find((listing) => listing.path === path)?.source
    return source === 'recent' || source === 'folder'
  },
  run: ({actions}, {path}) => {
    actions.notify('taken off the list; the folder stays as it is')
    void actions.forgetModel(path)
  },
}

export const MODEL_TARGETS: readonly TargetCommand[] = [
  useModel,
  loadAgain,
  cancelLoad,
  unload,
  openCard,
  inspect,
  copyPath,
  copyName,
  forget,
]
