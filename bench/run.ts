import {writeFile} from 'node:fs/promises'
import {availableParallelism, cpus} from 'node:os'
import {join} from 'node:path'
import {benchAttention} from './attention.ts'
import {benchAttentionHeads} from './attention-heads.ts'
import {benchAttentionMemory} from './attention-memory.ts'
import {benchAttentionPage} from './attention-page.ts'
import {benchAttribution} from './attribution.ts'
import {benchCapture} from './capture.ts'
import {benchCaptureMemory} from './capture-memory.ts'
import {benchEstimate} from './estimate.ts'
import {benchGraph} from './graph.ts'
import {benchKeys} from './keys.ts'
import {type Ratio, tableOf} from './measure.ts'
import {benchPage} from './page.ts'
import {benchRollouts} from './rollouts.ts'
import {benchRuns} from './runs.ts'
import {benchTokenizers} from './tokenizers.ts'
import {benchTokenizersFile} from './tokenizers-file.ts'
import {benchTokenizersPage} from './tokenizers-page.ts'
import {benchTreePage} from './tree-page.ts'
import {benchTrees} from './trees.ts'

const BENCHES: Readonly<Record<string, () => Promise<Ratio[]>>> = {
  runs: benchRuns,
  page: benchPage,
  keys: benchKeys,
  graph: benchGraph,
  capture: benchCapture,
  'capture-memory': benchCaptureMemory,
  estimate: benchEstimate,
  attention: benchAttention,
  'attention-heads': benchAttentionHeads,
  ...Object.fromEntries(
    [64, 256, 1024, 4096].map((count) => [
      `attention-page-${count}`,
      () => benchAttentionPage(count),
    ])
  ),
  'attention-memory': benchAttentionMemory,
  attribution: benchAttribution,
  rollouts: benchRollouts,
  tokenizers: benchTokenizers,
  'tokenizers-file': benchTokenizersFile,
  'tokenizers-page': benchTokenizersPage,
  trees: benchTrees,
  'tree-page': benchTreePage,
}

/** Runs the named benches, or all, and prints one table; `--write` keeps it in docs/. */
export async function main(flags: readonly string[]): Promise<void> {
  const names = flags.filter((flag) => flag !== '--write')
  const chosen = names.length > 0 ? names : Object.keys(BENCHES)
  const ratios: Ratio[] = []
  for (const name of chosen) {
    const bench = BENCHES[name]
    if (!bench) throw new Error(`no bench ${name}; there are ${Object.keys(BENCHES).join(', ')}`)
    console.error(`bench ${name} …`)
    ratios.push(...(await bench()))
  }
  const machine = `${cpus()[0]?.model}, ${availableParallelism()} threads, Node ${process.version}`
  const report = `# Benchmarks\n\nMade by \`npm run bench -- --write\` on: ${machine}. Medians; both sides of a\nrow are measured in turns within one run.\n\n${tableOf(ratios)}\n`
  console.log(report)
  if (flags.includes('--write')) {
    await writeFile(join(import.meta.dirname, '../docs/benchmarks.md'), report)
  }
}
