import type {Derivation} from '../../../shared/contract/contract.ts'

/** A symbol on the way to a token. */
export interface MergeNode {
  readonly hex: string
  /** 0 for what the vocabulary starts from; merges stand one under the other, in the order in which they apply. */
  readonly height: number
  readonly parts: readonly [number, number] | null
  readonly rank: number
}

export interface MergeTreeNodes {
  readonly nodes: readonly MergeNode[]
  /** What it starts from, left to right. */
  readonly leaves: readonly number[]
}

/**
 * The tree of merges that are listed in the order in which they apply. Each joins two neighbours, of which
 * the leftmost with those bytes merge first; the last one is the root. Null where there are none.
 */
export function mergeTreeOf(merges: Derivation['merges']): MergeTreeNodes | null {
  const last = merges.at(-1)
  if (!last) return null
  const nodes: MergeNode[] = []
  const leaves: number[] = []
  // From the root down: which merge makes which symbol is known from its place, the latest first.
  const used = new Set<number>()
  const build = (hex: string, before: number): number => {
    for (let i = before - 1; i >= 0; i--) {
      const {leftHex, rightHex, rank} = merges[i]!
      if (used.has(i) || leftHex + rightHex !== hex) continue
      used.add(i)
      const left = build(leftHex, i)
      const right = build(rightHex, i)
      return nodes.push({hex, height: i + 1, parts: [left, right], rank}) - 1
    }
    const leaf = nodes.push({hex, height: 0, parts: null, rank: -1}) - 1
    leaves.push(leaf)
    return leaf
  }
  build(last.leftHex + last.rightHex, merges.length)
  return {nodes, leaves}
}
