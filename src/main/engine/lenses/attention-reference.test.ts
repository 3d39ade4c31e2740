import {mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, describe, expect, it} from 'vitest'
import {runReference} from '../../../../fixtures/families/reference.ts'
import type {FamilyCell} from '../../../../fixtures/families/traits.ts'
import {archiveOf, arrayOf, attentionContext, FIXTURES} from './test-attention.ts'
import {writeFamilyFolder} from './test-family-folder.ts'
import {llamaAttention} from './test-llama.ts'

const MICRO_BASE = join(FIXTURES, '../assets/models/micro-base')
const context = attentionContext({chunkLength: 9})
const folder = mkdtempSync(join(tmpdir(), 'attention-reference-'))
afterAll(async () => {
  await context.close()
  rmSync(folder, {recursive: true})
})

/** The largest difference of an archive's weights to a reference, [layer][head] of [query, key]. */
function largestDifference(
  archive: Uint8Array,
  reference: readonly (readonly Float64Array[])[]
): number {
  const {shape, values} = arrayOf(archive, 'weights')
  const [layerCount, headCount, n, keyCount] = shape as [number, number, number, number]
  expect([layerCount, headCount, keyCount]).toEqual([reference.length, reference[0]!.length, n])
  let largest = 0
  for (const [layer, heads] of reference.entries()) {
    for (const [head, matrix] of heads.entries()) {
      const start = (layer * headCount + head) * n * n
      for (const [at, weight] of matrix.entries()) {
        largest = Math.max(largest, Math.abs(values[start + at]! - weight))
      }
    }
  }
  return largest
}

describe('an archive of attention', () => {
  it('of micro-base is what a plain forward pass gives', async () => {
    const prompt = 'words: river amber copper lantern falcon velvet river amber copper lantern fal'
    const archive = await archiveOf(context, {model: MICRO_BASE, prompt})
    const ids = [...arrayOf(archive, 'tokenIds').values]
    const sizes = JSON.parse(readFileSync(join(MICRO_BASE, 'config.json'), 'utf8'))
    const reference = await llamaAttention(join(MICRO_BASE, 'onnx/model.onnx'), sizes, ids)
    expect(ids).toHaveLength(14)
    expect(largestDifference(archive, reference)).toBeLessThan(1e-5)
  })

  it.each([
    {family: 'gpt2', style: 'eager', dtype: 'float32', cache: 'none'},
    {family: 'neox', style: 'eager', dtype: 'float32', cache: 'past'},
    {family: 'gemma2', style: 'eager', dtype: 'float32', cache: 'past'},
    {family: 'qwen3', style: 'eager', dtype: 'float32', cache: 'past'},
  ] satisfies FamilyCell[])('of a $family is what its reference gives', async (cell) => {
    const model = await writeFamilyFolder(folder, cell)
    const tokenIds = [5, 17, 3, 88, 42, 7, 61, 29, 90, 11, 54, 2]
    const archive = await archiveOf(context, {
      model,
      prompt: tokenIds.map((id) => `w${id}`).join(' '),
    })
    expect([...arrayOf(archive, 'tokenIds').values]).toEqual(tokenIds)
    const {layers} = runReference(cell, {tokenIds, runLengths: [9, 3]})
    const reference = layers.map(({attentionWeights}) =>
      attentionWeights.map((rows) => Float64Array.from(rows.flatMap((row) => [...row])))
    )
    expect(largestDifference(archive, reference)).toBeLessThan(1e-5)
  })
})
