import type {ContinuationStrategy, TreeRequest} from '../../../shared/lenses/tree.ts'
import {growBeams} from './grow-beams.ts'
import {growBestFirst} from './grow-best-first.ts'
import {growSamples, growStochasticBeams} from './grow-samples.ts'
import type {TreeBuilder} from './tree-builder.ts'

/** How far a tree can grow at most, in the units that growing it yields. */
export interface Growth {
  readonly total: number
  readonly rounds: AsyncGenerator<number, void, undefined>
}

/** Grows a tree of continuations as its request says; defaults are filled in. */
export function growTree(
  builder: TreeBuilder,
  strategy: ContinuationStrategy,
  request: TreeRequest
): Growth {
  const {depth: maxDepth = 8, beams = 4, nodes = 64} = request
  switch (strategy) {
    case 'best-first':
    case 'top-k':
    case 'top-p':
    case 'min-p': {
      const options = {
        ...{maxNodes: nodes, maxDepth, width: request.width ?? 16},
        ...{maxChildren: request.maxChildren ?? 4, keptOnly: strategy !== 'best-first'},
        jointThreshold: request.jointThreshold ?? 0,
      }
      return {total: nodes, rounds: growBestFirst(builder, options)}
    }
    case 'beam': {
      const options = {beams, maxDepth, lengthPenalty: request.lengthPenalty ?? 1}
      return {total: maxDepth, rounds: growBeams(builder, options)}
    }
    case 'sbs':
      return {total: maxDepth, rounds: growStochasticBeams(builder, {beams, maxDepth})}
    case 'sample': {
      const options = {sampleCount: request.samples ?? 16, maxDepth}
      return {total: maxDepth, rounds: growSamples(builder, options)}
    }
  }
}
