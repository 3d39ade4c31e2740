import type {ExportFacts} from '../../../../fixtures/exports/read-export.ts'
import {cellName, reasonOfAbsence} from '../../../../fixtures/families/combinations.ts'
import {
  CACHES,
  DTYPES,
  FAMILIES,
  type Family,
  type FamilyCell,
  STYLES,
  type Style,
} from '../../../../fixtures/families/traits.ts'
import {type Bounds, isWithin, type Measure} from './test-compatibility.ts'

/** What was measured, by `cellName` and by the export's id; what is missing was not run. */
export interface Measures {
  readonly cells: ReadonlyMap<string, {measure: Measure; bounds: Bounds}>
  readonly exports: readonly {facts: ExportFacts; measure: Measure; bounds: Bounds}[]
}

/** Stands for a cell that is missing. */
export const NOT_RUN = 'not run'

const TITLES: Readonly<Record<Family, string>> = {
  gpt2: 'GPT-2',
  neox: 'GPT-NeoX, Pythia',
  opt: 'OPT',
  llama: 'LLaMA, SmolLM',
  qwen2: 'Qwen2',
  qwen3: 'Qwen3',
  gemma2: 'Gemma 2',
  phi: 'Phi',
  bert: 'BERT',
  roberta: 'RoBERTa',
}
const STYLE_NAMES: Readonly<Record<Style, string>> = {
  eager: 'unfused',
  'ai.onnx.Attention': 'ai.onnx Attention',
  GroupQueryAttention: 'com.microsoft GroupQueryAttention',
  MultiHeadAttention: 'com.microsoft MultiHeadAttention',
  Attention: 'com.microsoft Attention',
}

const INTRODUCTION = `# Which models can be instrumented

Made by \`node scripts/run-ts.mjs scripts/compatibility.ts\`, and held against a run of every cell by a test. Each
cell is a small model with random weights, written as that exporter or optimizer writes the family. Its attention is
captured by both routes, of a whole text and, where there is a cache, of the same text in three runs through the cache:

- **rows**: queries and keys are captured, and attention rows are recomputed from them;
- **weights**: the weights themselves are captured.

The number is the largest difference of any weight to a reference computed in float64 by plain loops. In every cell that has
numbers, without a mark, all layers are captured, weights are exactly 0 where the reference’s are, rows sum to 1 within
1e-5 (float16: 4e-4), and rows agree with weights. Differences may be 1e-5, of float16 5e-3. Logits of the instrumented
graph equal those of the plain one bit for bit, except where marked:

- ᵃ onnxruntime’s GroupQueryAttention takes another path when it hands weights out, unless the environment has
  \`ORT_GQA_DISABLE_FLASH_ATTENTION=1\`: logits may differ by 1e-5 of the largest.
- ᵇ onnxruntime on a CPU computes half precision in float32 where it has no kernel, and puts its casts elsewhere when a
  tensor is handed out: logits of float16 models may differ by 1e-2 of the largest.
- ✗ is not as it should be.
`

/** The whole of docs/compatibility.md. */
export function compatibilityDocument(measures: Measures): string {
  const reasons: string[] = []
  const families = FAMILIES.map((family) => familySection(family, measures, reasons))
  const notes = reasons.map((reason, at) => `${at + 1}. ${reason}`)
  return [
    INTRODUCTION,
    ...families,
    `## What does not exist\n\n${notes.join('\n')}\n`,
    exportSection(measures),
  ].join('\n')
}

function familySection(family: Family, measures: Measures, reasons: string[]): string {
  const lines = STYLES.flatMap((style) => styleRows(family, style, measures, reasons))
  return `## ${TITLES[family]}\n\n| written with | dtype | no cache | cache | merged |\n|---|---|---|---|---|\n${lines.join('\n')}\n`
}

function styleRows(family: Family, style: Style, measures: Measures, reasons: string[]): string[] {
  const rows = DTYPES.map((dtype) => ({
    dtype: dtype as string,
    entries: CACHES.map((cache) => entryOf({family, style, dtype, cache}, measures, reasons)),
  }))
  const isAbsent = rows.every(({entries}) => entries.every((entry) => entry.startsWith('n/a')))
  // Of a style that does not exist at all the dtypes say nothing more than the first.
  const shown = isAbsent ? [{dtype: 'all', entries: rows[0]!.entries}] : rows
  return shown.map(
    ({dtype, entries}) => `| ${STYLE_NAMES[style]} | ${dtype} | ${entries.join(' | ')} |`
  )
}

function entryOf(cell: FamilyCell, {cells}: Measures, reasons: string[]): string {
  const reason = reasonOfAbsence(cell)
  if (reason !== null) {
    if (!reasons.includes(reason)) reasons.push(reason)
    return `n/a (${reasons.indexOf(reason) + 1})`
  }
  const found = cells.get(cellName(cell))
  return found ? routesOf(found.measure, found.bounds) : NOT_RUN
}

function exportSection({exports}: Measures): string {
  const lines = exports.map(({facts, measure, bounds}) => {
    const operators = measure.operators.join(', ')
    return `| ${facts.id} | ${operators} | ${routesOf(measure, bounds)} | ${bounds.weights.toExponential(0)} |`
  })
  return `## Real exports

Small models with random weights, exported by transformers and torch.onnx, optimum’s way of merging and onnxruntime’s
optimizer and quantizers; see \`fixtures/exports\`. The reference is the trainer’s own float32 model, so models quantized
to 8 bits differ from it as a whole.

| export | attention by | difference | at most |
|---|---|---|---|
${lines.join('\n')}
`
}

function routesOf(measure: Measure, bounds: Bounds): string {
  const entries = (['queries-keys', 'weights'] as const).map((route) => {
    const {layerCount, problems, weights} = measure[route]
    const name = route === 'weights' ? 'weights' : 'rows'
    if (layerCount === 0) return `no ${name} (${problems.join(', ')})`
    const mark = bounds.logits[route] === 0 ? '' : bounds.isFloat16 ? 'ᵇ' : 'ᵃ'
    return `${isWithin(measure, route, bounds) ? '' : '✗ '}${name} ${weights.toExponential(0)}${mark}`
  })
  return entries.join(', ')
}
