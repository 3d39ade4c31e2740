import {attentionLens} from './attention/lens.ts'
import {attributionLens} from './attribute/lens.ts'
import {criticalLens} from './critical/lens.ts'
import type {Lens} from './lens.ts'
import {tokenizeLens} from './tokenize/lens.ts'
import {tokensLens} from './tokens/lens.ts'
import {treeLens} from './tree/lens.ts'

/** Every lens, in the order of its tabs. */
export const LENSES: readonly Lens[] = [
  tokensLens,
  attentionLens,
  treeLens,
  attributionLens,
  criticalLens,
  tokenizeLens,
]
