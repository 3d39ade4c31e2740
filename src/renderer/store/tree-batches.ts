import type {TreeResult} from '../../shared/lenses/tree.ts'
import {keyOfPath, type NodeKey, pathOfKey} from '../../shared/lenses/tree-edit.ts'

/**
 * Something that was grown by hand, as the document keeps it: so many likeliest children of a node, as
 * `12.7#4`, or a token that was put after it, as `12.7+99`.
 */
export type Batch =
  | {readonly kind: 'children'; readonly parent: NodeKey; readonly count: number}
  | {readonly kind: 'token'; readonly parent: NodeKey; readonly tokenId: number}

export function childrenBatch(parent: NodeKey, count: number): string {
  return `${parent}#${count}`
}

export function tokenBatch(parent: NodeKey, tokenId: number): string {
  return `${parent}+${tokenId}`
}

/** Null for what is no batch. */
export function readBatch(text: string): Batch | null {
  const [, parent, sign, number] = /^([\d.]*)([#+])(\d+)$/.exec(text) ?? []
  if (parent === undefined) return null
  return sign === '#'
    ? {kind: 'children', parent, count: Number(number)}
    : {kind: 'token', parent, tokenId: Number(number)}
}

/** Keys on the way to one, the root first, itself last. */
export function keysTo(key: NodeKey): NodeKey[] {
  const path = pathOfKey(key)
  return path.map((_, i) => keyOfPath(path.slice(0, i + 1)))
}

/** The node of a key; undefined where there is none, null for the root. */
export function idOfKey(
  {nodes}: Pick<TreeResult, 'nodes'>,
  key: NodeKey
): number | null | undefined {
  let at: number | null = null
  for (const tokenId of pathOfKey(key)) {
    const next = nodes.find((node) => node.parent === at && node.tokenId === tokenId)
    if (!next) return undefined
    at = next.id
  }
  return at
}

/** Of nodes, the children that a person put in. */
export function handMade({nodes}: TreeResult, parents: readonly (number | null)[]): number[] {
  const wanted = new Set(parents)
  return nodes.flatMap((node) =>
    node.tokenId !== null && wanted.has(node.parent) && node.origin !== 'model'
      ? [node.tokenId]
      : []
  )
}
