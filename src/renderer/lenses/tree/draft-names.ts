import type {DraftStrategy} from '../../../shared/lenses/tree.ts'
import type {DraftChoice} from '../../store/tree-state.ts'

type Shape = Pick<
  DraftChoice,
  'strategy' | 'draft' | 'nodes' | 'branching' | 'width' | 'paths' | 'draftLength'
>

/** The layer after which a model drafts for itself; null where another model drafts. */
export function exitLayerOf(draft: string): number | null {
  const [, layer] = /^self:(\d+)$/.exec(draft) ?? []
  return layer === undefined ? null : Number(layer)
}

const asksNoModel = (strategy: DraftStrategy) =>
  strategy === 'token-recycling' || strategy === 'lookahead'

/** A strategy with its shape, and who drafts where that is the model itself: `SpecInfer 3·2·2, exit L2`. */
export function strategyName(shape: Shape): string {
  const layer = asksNoModel(shape.strategy) ? null : exitLayerOf(shape.draft)
  return `${shapedName(shape)}${layer === null ? '' : `, exit L${layer}`}`
}

function shapedName({strategy, nodes, branching, width, paths, draftLength}: Shape): string {
  switch (strategy) {
    case 'chain':
      return `chain of ${draftLength}`
    case 'specinfer':
      return `SpecInfer ${branching.join('·')}`
    case 'dyspec':
      return `DySpec ${nodes}`
    case 'dyspec-threshold':
      return `DySpec threshold, ${nodes}`
    case 'rsd-c':
      return `RSD-C ${branching.join('·')}`
    case 'rsd-s':
      return `RSD-S ${width} × ${draftLength}`
    case 'spectr':
      return `SpecTr ${paths} × ${draftLength}`
    case 'token-recycling':
      return `Token Recycling ${nodes}`
    case 'lookahead':
      return `Lookahead trie ${nodes}`
  }
}

/** Whether a row of the table is how drafts are made now; the same draft model may go by two names. */
export function isSameWay(
  row: Pick<Shape, 'strategy' | 'draft'>,
  now: Pick<Shape, 'strategy' | 'draft'>
): boolean {
  if (row.strategy !== now.strategy) return false
  return asksNoModel(row.strategy) || exitLayerOf(row.draft) === exitLayerOf(now.draft)
}
