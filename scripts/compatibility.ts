// Writes docs/compatibility.md from a run of every cell: `node scripts/run-ts.mjs scripts/compatibility.ts`.
import {writeFileSync} from 'node:fs'
import {resolve} from 'node:path'
import {listExports} from '../fixtures/exports/read-export.ts'
import {COMBINATIONS, cellName} from '../fixtures/families/combinations.ts'
import {
  cellBounds,
  exportBounds,
  measureCell,
  measureExport,
} from '../src/main/engine/captures/test-compatibility.ts'
import {
  compatibilityDocument,
  type Measures,
} from '../src/main/engine/captures/test-compatibility-table.ts'

export async function main(): Promise<void> {
  const cells = new Map<
    string,
    Measures['cells'] extends ReadonlyMap<string, infer Cell> ? Cell : never
  >()
  for (const cell of COMBINATIONS) {
    const measure = await measureCell(cell)
    cells.set(cellName(cell), {measure, bounds: cellBounds(cell, measure)})
  }
  const exports: Measures['exports'][number][] = []
  for (const facts of listExports()) {
    const measure = await measureExport(facts)
    exports.push({facts, measure, bounds: exportBounds(facts, measure)})
  }
  const path = resolve(import.meta.dirname, '../docs/compatibility.md')
  writeFileSync(path, compatibilityDocument({cells, exports}))
}
