import {readFileSync} from 'node:fs'
import {resolve} from 'node:path'
import {describe, expect, it} from 'vitest'
import {listExports} from '../../../../fixtures/exports/read-export.ts'
import {
  COMBINATIONS,
  CORE_COMBINATIONS,
  cellName,
} from '../../../../fixtures/families/combinations.ts'
import type {CaptureRoute} from '../onnx/capture-plan.ts'
import {
  type Bounds,
  cellBounds,
  exportBounds,
  type Measure,
  measureCell,
  measureExport,
} from './test-compatibility.ts'
import {compatibilityDocument, type Measures, NOT_RUN} from './test-compatibility-table.ts'

const DOCUMENT = resolve(import.meta.dirname, '../../../../docs/compatibility.md')
/** The whole matrix takes minutes. */
const CELLS = process.env.TOKENSCOPE_FULL ? COMBINATIONS : CORE_COMBINATIONS
const ROUTES: readonly CaptureRoute[] = ['queries-keys', 'weights']

function expectWithin(measure: Measure, bounds: Bounds): void {
  for (const route of ROUTES) {
    const found = measure[route]
    expect(found.problems, route).toEqual([])
    expect(found.layerCount, route).toBe(measure.layerCount)
    expect(found.weights, route).toBeLessThanOrEqual(bounds.weights)
    expect(found.rowSum, route).toBeLessThanOrEqual(bounds.rowSum)
    expect(found.unmaskedCount, route).toBe(0)
    expect(found.logits, route).toBeLessThanOrEqual(bounds.logits[route])
  }
  expect(measure.routes).toBeLessThanOrEqual(bounds.routes)
}

/** Lines and entries. How large a difference is differs between machines; route, mark and reason do not. */
function partsOf(text: string): string[] {
  const withoutDigits = text.replaceAll(/(rows|weights) \d+e[+-]\d+/g, '$1 #')
  return withoutDigits.split('\n').flatMap((line) => line.split(/ ?\| ?/))
}

describe('captured attention', () => {
  const cells = new Map<string, {measure: Measure; bounds: Bounds}>()
  const exports: Measures['exports'][number][] = []

  it.each(CELLS.map((cell) => [cellName(cell), cell] as const))('of %s', async (name, cell) => {
    const measure = await measureCell(cell)
    const bounds = cellBounds(cell, measure)
    cells.set(name, {measure, bounds})
    expectWithin(measure, bounds)
  })

  it.each(listExports().map((facts) => [facts.id, facts] as const))(
    'of the export %s',
    async (_, facts) => {
      const measure = await measureExport(facts)
      const bounds = exportBounds(facts, measure)
      exports.push({facts, measure, bounds})
      expectWithin(measure, bounds)
    }
  )

  it('is as docs/compatibility.md says', () => {
    const written = partsOf(readFileSync(DOCUMENT, 'utf8'))
    const made = partsOf(compatibilityDocument({cells, exports}))
    expect(made.length).toBe(written.length)
    // A cell that was not run is taken as it stands.
    expect(made.map((part, at) => (part === NOT_RUN ? written[at] : part))).toEqual(written)
  })
})
