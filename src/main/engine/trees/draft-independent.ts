import {DraftBuilder, type DraftContext, type DraftTree} from './draft-tree.ts'
import {drawKey, keyUnder, uniformOf} from './keyed-random.ts'
import {drawFrom} from './law.ts'

/**
 * Children drawn independently from the draft's law, `branching[level]` of each node; equal ones stay
 * apart. A branching of ones is the chain of plain speculative sampling (Leviathan et al. 2023), others are
 * the static trees of SpecInfer (Miao et al. 2024). One call of the draft a level.
 */
export async function draftIndependent(
  context: DraftContext,
  branching: readonly number[]
): Promise<DraftTree> {
  const builder = new DraftBuilder(context)
  let level = [-1]
  for (const width of branching) {
    const parents = level.filter((place) => builder.canExtend(place))
    if (parents.length === 0) break
    await builder.computeLaws(parents)
    level = parents.flatMap((parent) =>
      Array.from({length: width}, (_, i) => {
        const uniform = uniformOf(drawKey(builder.keyOf(parent), i))
        return builder.add(parent, drawFrom(builder.laws.get(parent)!, uniform))
      })
    )
  }
  return builder.finish('draft')
}

/**
 * `pathCount` paths of `length` tokens drawn independently, merged where they agree (SpecTr, Sun et al.
 * 2023): a node knows the paths that go through it. One call of the draft a level.
 */
export async function draftPathsMerged(
  context: DraftContext,
  {pathCount, length}: {pathCount: number; length: number}
): Promise<DraftTree> {
  const builder = new DraftBuilder(context)
  const pathKey = (path: number, depth: number) =>
    drawKey(keyUnder(keyUnder(context.key, path), depth), 0)
  let level = new Map([[-1, Array.from({length: pathCount}, (_, path) => path)]])
  for (let depth = 0; depth < length; depth++) {
    const parents = [...level.keys()].filter((place) => builder.canExtend(place))
    if (parents.length === 0) break
    await builder.computeLaws(parents)
    const next = new Map<number, number[]>()
    for (const parent of parents) {
      const byToken = new Map<number, number[]>()
      for (const path of level.get(parent)!) {
        const token = drawFrom(builder.laws.get(parent)!, uniformOf(pathKey(path, depth)))
        byToken.set(token, [...(byToken.get(token) ?? []), path])
      }
      for (const [token, paths] of byToken) next.set(builder.add(parent, token, {paths}), paths)
    }
    level = next
  }
  return builder.finish('draft')
}
