import {readFileSync} from 'node:fs'
import {appendFile, mkdir, writeFile} from 'node:fs/promises'
import {join, resolve} from 'node:path'
import {physicalCoreCount} from '../src/main/engine/runtime/threads.ts'
import {openLocalEngine} from '../src/main/local-engine.ts'
import type {EngineClient} from '../src/shared/engine-client/connect.ts'
import {
  criticalResultOf,
  foldCriticalEvent,
  startCriticalRun,
} from '../src/shared/lenses/assemble-critical.ts'
import {
  type CriticalRequestInput,
  type CriticalResult,
  type CriticalScoreMethod,
  criticalRequestSchema,
} from '../src/shared/lenses/critical.ts'
import {passFigure} from './critical-tokens-figure.ts'
import {criticalTokensReport, passRows} from './critical-tokens-report.ts'
import {keptLines} from './kept-lines.ts'
import {type FirstWrong, firstWrongOf, type WordProblem} from './word-problem-errors.ts'

/**
 * Critical tokens of wrong answers to word problems, whose first wrong step is known. Every answer is one line of a
 * file, so that a run that was stopped goes on:
 * `node scripts/run-ts.mjs bench/critical-tokens.ts --count 200 --exhaustive 20 --write`.
 */
const MODEL = 'micro-base'
const CHECKER = {kind: 'number', marker: 'Answer:'} as const
const ESTIMATORS = ['contrastive', 'difference', 'base'] as const

/** One wrong answer; positions count from the response's first token. */
export interface Line {
  readonly id: string
  readonly seed: number
  readonly isRecoverable: boolean
  readonly released: number | null
  readonly ours: number | null
  /** Of each estimator, tokens with the highest values. */
  readonly top: Readonly<Record<(typeof ESTIMATORS)[number], readonly number[]>>
  /** The first wrong step: what is wrong in it and at which token; null where the answer alone is. */
  readonly firstWrong: FirstWrong | null
  /** The first token of a wrong number. */
  readonly firstWrongNumber: number | null
  readonly completionCount: number
  readonly passAtK: readonly {
    readonly k: number
    readonly kept: number
    readonly forbidden: number
  }[]
  readonly exhaustive?: {
    readonly released: number | null
    readonly completionCount: number
    /** Whether intervals overlap at both positions, where they are not the same. */
    readonly overlaps: boolean
  }
}

const root = resolve(import.meta.dirname, '..')
const CACHE = join(root, '.cache/bench')

export async function main(flags: readonly string[]): Promise<void> {
  const numberOf = (flag: string, otherwise: number) => {
    const at = flags.indexOf(flag)
    return at < 0 ? otherwise : Number(flags[at + 1])
  }
  const count = numberOf('--count', 200)
  const exhaustiveCount = numberOf('--exhaustive', 20)
  await mkdir(CACHE, {recursive: true})
  const path = join(CACHE, 'critical-tokens.jsonl')
  const lines = keptLines<Line>(path)
  const problems: WordProblem[] = readFileSync(
    join(root, 'assets/evaluation/word-problems.jsonl'),
    'utf8'
  )
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const engine = openLocalEngine({stateFolder: null, threads: physicalCoreCount()})
  try {
    for (let seed = 0; lines.length < count && seed < 20; seed++) {
      for (const problem of problems) {
        if (lines.length >= count) break
        if (lines.some((line) => line.id === problem.id && line.seed === seed)) continue
        const isExhaustive = lines.filter((line) => line.exhaustive).length < exhaustiveCount
        const line = await lineOf(engine.client, problem, seed, isExhaustive)
        // Some are never answered wrong.
        if (!line) continue
        lines.push(line)
        await appendFile(path, `${JSON.stringify(line)}\n`)
      }
    }
  } finally {
    await engine.close()
  }
  const report = criticalTokensReport(lines, MODEL)
  console.log(report)
  if (!flags.includes('--write')) return
  const {length} = lines.filter((line) => line.isRecoverable && line.released !== null)
  await writeFile(join(root, 'docs/critical-tokens.md'), report)
  await writeFile(join(root, 'docs/critical-tokens.svg'), passFigure(passRows(lines), length))
}

async function lineOf(
  client: EngineClient,
  problem: WordProblem,
  seed: number,
  isExhaustive: boolean
): Promise<Line | null> {
  const asked = {prompt: problem.prompt, answer: problem.answer, seed}
  const result = await run(client, {
    ...{...asked, sampleResponse: true, method: 'both', counterfactual: true},
  }).catch((error: unknown) => {
    if (String((error as Error).message).includes('none came to a wrong end')) return null
    throw error
  })
  if (!result) return null
  const start = result.responseStart
  const responseIds = result.tokens.slice(start).map(({id}) => id)
  const positionOf = (one: CriticalResult, rule: string) => {
    const found = one.critical.find((token) => token.method === 'rollout' && token.rule === rule)
    return found ? found.position - start : null
  }
  const texts = result.tokens.slice(start).map(({bytesHex}) => Buffer.from(bytesHex, 'hex'))
  const {firstWrong, firstWrongNumber} = firstWrongOf(problem, texts)
  const topOf = (method: CriticalScoreMethod) =>
    result.scores
      .filter((score) => score.method === method)
      .sort((a, b) => b.value - a.value || a.position - b.position)
      .slice(0, 3)
      .map(({position}) => position - start)
  const released = positionOf(result, 'released')
  const line: Line = {
    ...{id: problem.id, seed, isRecoverable: result.isRecoverable ?? false, released},
    ours: positionOf(result, 'ours'),
    top: {
      contrastive: topOf('contrastive'),
      difference: topOf('difference'),
      base: topOf('base'),
    },
    ...{firstWrong, firstWrongNumber, completionCount: result.completionCount ?? 0},
    passAtK: (result.counterfactual?.passAtK ?? []).map(({k, kept, forbidden}) => ({
      ...{k, kept, forbidden},
    })),
  }
  if (!isExhaustive || !line.isRecoverable) return line
  const every = await run(client, {...asked, responseIds, mode: 'exhaustive'})
  const everyReleased = positionOf(every, 'released')
  return {
    ...line,
    exhaustive: {
      released: everyReleased,
      completionCount: every.completionCount ?? 0,
      overlaps: [released, everyReleased].every((position) =>
        overlapAt(result, every, position === null ? null : position + start)
      ),
    },
  }
}

function overlapAt(a: CriticalResult, b: CriticalResult, position: number | null): boolean {
  if (position === null) return true
  const [x, y] = [a, b].map(({scores}) =>
    scores.find((score) => score.method === 'rollout' && score.position === position)
  )
  // What one of them has not sampled does not speak against the other.
  if (!x || !y) return true
  return x.low! <= y.high! && y.low! <= x.high!
}

async function run(
  client: EngineClient,
  input: Omit<CriticalRequestInput, 'model' | 'checker'>
): Promise<CriticalResult> {
  const request = criticalRequestSchema.parse({...input, model: MODEL, checker: CHECKER})
  let state = startCriticalRun(request)
  for await (const event of await client.criticals.run(request)) {
    state = foldCriticalEvent(state, event)
  }
  return criticalResultOf(state, 'completed')!
}
