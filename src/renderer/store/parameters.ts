import type {StoreContext} from './context.ts'
import {DEFAULT_PARAMETERS} from './default-parameters.ts'
import type {Parameters, ParametersState} from './state.ts'

export const initialParameters: ParametersState = {parameters: DEFAULT_PARAMETERS}

export interface ParameterActions {
  changeParameters(change: Partial<Parameters>): void
  /** Chooses the tokens that are followed; null goes back to the suggested ones. */
  setTracked(model: string, ids: readonly number[] | null): void
}

const NAMES: Readonly<Record<keyof Parameters, string>> = {
  temperature: 'change the temperature',
  topP: 'change top-p',
  topK: 'change top-k',
  generateCount: 'change how many tokens follow',
  isSampled: 'change how tokens are chosen',
  seed: 'change the seed',
  tracks: 'change the tracks',
  stripTrack: 'change the track of the strip',
  tracked: 'change the followed tokens',
}

export function createParameterActions({store, change}: StoreContext): ParameterActions {
  const changeParameters = (parametersChange: Partial<Parameters>) => {
    const {parameters} = store.getState()
    const keys = (Object.keys(parametersChange) as (keyof Parameters)[]).filter(
      (key) => !Object.is(parameters[key], parametersChange[key])
    )
    if (keys.length === 0) return
    change(
      NAMES[keys[0]!],
      {parameters: {...parameters, ...parametersChange}},
      {merge: `parameters ${keys.join(' ')}`}
    )
  }
  return {
    changeParameters,
    setTracked(model, ids) {
      const {[model]: _, ...others} = store.getState().parameters.tracked
      changeParameters({tracked: ids === null ? others : {...others, [model]: [...ids]}})
    },
  }
}
