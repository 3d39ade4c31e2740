import {readFileSync} from 'node:fs'
import {describe, expect, it} from 'vitest'
import {exportPath, listExports} from '../../../../fixtures/exports/read-export.ts'
import {COMBINATIONS, cellName} from '../../../../fixtures/families/combinations.ts'
import {buildFamilyModel} from '../../../../fixtures/families/family-model.ts'
import {withoutNames} from '../../../../fixtures/rename-graph.ts'
import {findStructure} from './find-structure.ts'
import {unmergeDecoder} from './merged-decoder.ts'
import {decodeMessage} from './schema.ts'
import type {StructureInputs} from './structure.ts'

/** Inputs that no consumer's numbers depend on cannot be told apart, so no name is asked of them. */
function inputsOf(bytes: Uint8Array): {inputs: StructureInputs; used: Set<string>} {
  const graph = unmergeDecoder({path: '/model.onnx', model: decodeMessage('Model', bytes)})
  const used = new Set(graph.model.graph.node.flatMap(({input}) => input))
  return {inputs: findStructure(graph).inputs, used}
}

const MODELS: readonly (readonly [string, () => Uint8Array])[] = [
  ...COMBINATIONS.map((cell) => [cellName(cell), () => buildFamilyModel(cell).bytes] as const),
  ...listExports().map(
    (facts) =>
      [`export ${facts.id}`, () => new Uint8Array(readFileSync(exportPath(facts)))] as const
  ),
]

describe('inputs whose names say nothing', () => {
  it.each(MODELS)('are what they were before: %s', (_, bytesOf) => {
    const bytes = bytesOf()
    const named = inputsOf(bytes)
    const renamed = withoutNames(bytes)
    const {inputs: found} = inputsOf(renamed.bytes)
    const nameOf = (name: string | null) => (name === null ? null : renamed.names.get(name)!)
    const {inputs: expected} = named
    expect(found.inputIds).toBe(nameOf(expected.inputIds))
    expect(found.kvCache).toEqual(
      expected.kvCache.map((one) => ({
        input: nameOf(one.input),
        output: nameOf(one.output),
        axis: one.axis,
      }))
    )
    for (const role of ['attentionMask', 'positionIds', 'tokenTypeIds'] as const) {
      const name = expected[role]
      if (name !== null && !named.used.has(name)) continue
      expect([role, found[role]]).toEqual([role, nameOf(name)])
    }
    expect(found.isMaskAdded).toBe(expected.isMaskAdded)
    expect(found.counts).toEqual([])
  })
})
