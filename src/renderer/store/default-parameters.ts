import type {Parameters} from './state.ts'

export const DEFAULT_PARAMETERS: Parameters = {
  temperature: 1,
  topP: 1,
  topK: 10,
  generateCount: 5,
  isSampled: false,
  seed: 0,
  tracks: ['surprisal', 'entropy', 'rank'],
  stripTrack: 'surprisal',
  tracked: {},
}
