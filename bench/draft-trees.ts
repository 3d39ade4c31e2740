import {readFileSync} from 'node:fs'
import {appendFile, mkdir, writeFile} from 'node:fs/promises'
import {join, resolve} from 'node:path'
import {physicalCoreCount} from '../src/main/engine/runtime/threads.ts'
import {openLocalEngine} from '../src/main/local-engine.ts'
import {foldTreeEvent, startTreeRun, treeResultOf} from '../src/shared/lenses/assemble-tree.ts'
import {
  DRAFT_STRATEGIES,
  type DraftStrategy,
  type TreeRequestInput,
  type TreeStats,
  treeRequestSchema,
} from '../src/shared/lenses/tree.ts'
import {draftTreesReport} from './draft-trees-report.ts'
import {keptLines} from './kept-lines.ts'

/**
 * Acceptance of every way to draft on the built-in pair: 20 prompts with 5 seeds each. Every run is one line of a
 * file, so that a run that was stopped goes on:
 * `node scripts/run-ts.mjs bench/draft-trees.ts --write`.
 */
export const MODEL = 'micro-base'
const PROMPT_COUNT = 20
const SEEDS = [0, 1, 2, 3, 4]
export const NEW_TOKENS = 24

type Shape = Partial<Omit<TreeRequestInput, 'strategy'>>

export interface DraftWay {
  readonly name: string
  readonly words: string
  readonly request: Shape & {readonly strategy: DraftStrategy}
}

/** Each in a shape of about sixteen nodes, where it takes one. */
export const WAYS: readonly DraftWay[] = [
  ...DRAFT_STRATEGIES.map((strategy) => {
    const shapes: Readonly<Record<DraftStrategy, readonly [string, Shape]>> = {
      chain: ['5 tokens', {draftLength: 5}],
      specinfer: ['3, 2, 1', {branching: [3, 2, 1]}],
      dyspec: ['16 nodes', {nodes: 16}],
      'dyspec-threshold': ['.06, at most 64 nodes', {nodes: 64, draftThreshold: 0.06}],
      'rsd-c': ['3, 2, 1', {branching: [3, 2, 1]}],
      'rsd-s': ['4 beams of 4', {width: 4, draftLength: 4}],
      spectr: ['4 paths of 4', {paths: 4, draftLength: 4}],
      'token-recycling': ['80 nodes', {nodes: 80}],
      lookahead: ['64 nodes', {nodes: 64}],
    }
    const [words, shape] = shapes[strategy]
    return {name: strategy, words, request: {strategy, ...shape}}
  }),
  {
    name: 'specinfer, self:2',
    words: '3, 2, 1, left after layer 2',
    request: {strategy: 'specinfer', branching: [3, 2, 1], draft: 'self:2'},
  },
]

/** What one run came to. */
export interface Line {
  readonly way: string
  readonly prompt: string
  readonly seed: number
  readonly stats: TreeStats
  readonly speedUp: number | null
}

const root = resolve(import.meta.dirname, '..')
const CACHE = join(root, '.cache/bench')
const SETS = ['sums', 'names', 'key-values', 'stories', 'word-problems', 'code', 'mazes'] as const

/** Prompts of the evaluation sets in turn. */
function promptsOf(count: number): string[] {
  const sets = SETS.map((name) =>
    readFileSync(join(root, `assets/evaluation/${name}.jsonl`), 'utf8')
      .trim()
      .split('\n')
      .map((line) => String(JSON.parse(line).prompt))
      .filter((prompt) => prompt.length <= 300)
  )
  return Array.from({length: count}, (_, i) => sets[i % sets.length]![Math.floor(i / sets.length)]!)
}

export async function main(flags: readonly string[]): Promise<void> {
  await mkdir(CACHE, {recursive: true})
  const path = join(CACHE, 'draft-trees.jsonl')
  const lines = keptLines<Line>(path)
  const known = new Set(lines.map(({way, prompt, seed}) => JSON.stringify([way, prompt, seed])))
  const engine = openLocalEngine({stateFolder: null, threads: physicalCoreCount()})
  try {
    for (const prompt of promptsOf(PROMPT_COUNT)) {
      for (const seed of SEEDS) {
        // All ways in turn, so that a slow spell of the machine hits all of them.
        for (const {name, request} of WAYS) {
          if (known.has(JSON.stringify([name, prompt, seed]))) continue
          const asked = {...request, model: MODEL, prompt, seed, maxNewTokens: NEW_TOKENS}
          const run = startTreeRun(treeRequestSchema.parse(asked))
          for await (const event of await engine.client.trees.run(run.request)) {
            foldTreeEvent(run, event)
          }
          const {stats, timing} = treeResultOf(run, 'completed')!
          const speedUp = timing?.draft?.speedUp ?? null
          const line: Line = {way: name, prompt, seed, stats: stats!, speedUp}
          lines.push(line)
          await appendFile(path, `${JSON.stringify(line)}\n`)
        }
      }
    }
  } finally {
    await engine.close()
  }
  const report = draftTreesReport(lines)
  console.log(report)
  if (flags.includes('--write')) await writeFile(join(root, 'docs/draft-trees.md'), report)
}
