import type {AttentionMap, HeadRef} from '../../lenses/attention-maps.ts'
import type {ValueNormKind} from '../../lenses/value-norms.ts'
import {formatCount, formatMany} from '../number-format.ts'

/** A head as everyone writes it: `L3.H5`. */
export function headName({layer, head}: HeadRef): string {
  return `L${layer}.H${head}`
}

/** `layer 3`, `layers 0 to 2`, or how many. */
function layersOf(heads: readonly HeadRef[]): string {
  const layers = [...new Set(heads.map(({layer}) => layer))].sort((a, b) => a - b)
  const first = layers[0]!
  const last = layers.at(-1)!
  if (first === last) return `layer ${first}`
  return last - first + 1 === layers.length
    ? `layers ${first} to ${last}`
    : formatMany(layers.length, 'layer')
}

const AGGREGATES = {mean: 'mean', max: 'largest', 'value-weighted': 'value-weighted sum'} as const

/** What a matrix is of: `L3.H5`, `mean of 8 heads, layer 3`, `attention rollout through layer 3`, `L3.H5 − L4.H0`. */
export function mapName(map: AttentionMap): string {
  switch (map.kind) {
    case 'head':
      return headName(map)
    case 'aggregate':
      return `${AGGREGATES[map.by]} of ${formatMany(map.heads.length, 'head')}, ${layersOf(map.heads)}`
    case 'attention-rollout':
      return `attention rollout through layer ${formatCount(map.throughLayer)}`
    case 'difference':
      return `${headName(map.a)} − ${headName(map.b)}`
  }
}

/** What its numbers are; `valueNorms` is what the values of a value-weighted map count by. */
export function quantityName(map: AttentionMap, valueNorms?: ValueNormKind): string {
  if (map.kind === 'difference') return 'difference of attention weights'
  if (map.kind === 'aggregate' && map.by === 'value-weighted') {
    return `${valueNorms === 'basis-dependent' ? 'basis-dependent ' : ''}attention × value norm`
  }
  return 'attention weight'
}
