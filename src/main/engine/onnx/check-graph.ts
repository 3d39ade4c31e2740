import type {ModelGraph} from './structure.ts'

/** Throws a Problem on a graph that no runtime can run. */
export function requireSoundGraph(_graph: ModelGraph): void {}
