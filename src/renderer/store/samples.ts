import type {Sample} from '../../shared/samples/sample.ts'
import type {PromptActions} from './prompt.ts'
import type {RunActions} from './runs.ts'

export interface SampleActions {
  /** Puts a sample into the prompt, runs it with the chosen model and locks what it is about. */
  runSample(sample: Sample): void
}

export function createSampleActions({
  setPrompt,
  runPrompt,
}: Pick<PromptActions, 'setPrompt'> & Pick<RunActions, 'runPrompt'>): SampleActions {
  return {
    runSample(sample) {
      setPrompt({promptText: sample.prompt, isChat: false}, 'choose a sample')
      // A run has its prompt's end locked unless told.
      const {position} = sample.selection
      runPrompt({}, position === 'end' ? undefined : position)
    },
  }
}
