import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {scoringJob} from './rows.ts'
import type {TestAttentionContext} from './test-attention.ts'

const ASSETS = join(import.meta.dirname, '../../../../assets')
/** Folders of the models that ship. */
export const SHIPPED = {
  base: join(ASSETS, 'models/micro-base'),
  draft: join(ASSETS, 'models/micro-draft'),
} as const

const SETS = [
  ...(['sums', 'names', 'key-values', 'sequences', 'brackets'] as const),
  ...(['code', 'stories', 'scripts', 'mazes', 'word-problems'] as const),
]

/** Prompts of every evaluation set in turn, none longer than so many characters. */
export function evaluationPrompts(count: number, mostCharacters = 400): string[] {
  const sets = SETS.map((name) =>
    readFileSync(join(ASSETS, `evaluation/${name}.jsonl`), 'utf8')
      .trim()
      .split('\n')
      .map((line) => String(JSON.parse(line).prompt))
      .filter((prompt) => prompt.length <= mostCharacters)
  )
  const prompts: string[] = []
  for (let round = 0; prompts.length < count; round++) {
    for (const set of sets) {
      const prompt = set[round]
      if (prompt !== undefined && prompts.length < count) prompts.push(prompt)
    }
  }
  return prompts
}

/** The logits after a text, in one plain causal run of all of it. */
export async function plainLogits(
  context: TestAttentionContext,
  model: string,
  ids: readonly number[]
): Promise<Float32Array> {
  const loaded = await context.models.load({model})
  let row: Float32Array | null = null
  await loaded.session.run(scoringJob(Int32Array.from(ids), loaded), {
    onEvent: (event) => {
      if (event.kind === 'row') row = event.logits
    },
  })
  return row!
}

/** Natural log-probabilities after a text, from a plain run, summed here. */
export async function plainLogprobs(
  context: TestAttentionContext,
  model: string,
  ids: readonly number[]
): Promise<number[]> {
  const logits = [...(await plainLogits(context, model, ids))]
  const most = Math.max(...logits)
  const logSum = most + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0))
  return logits.map((logit) => logit - logSum)
}

/** The likeliest tokens one after another, as the tokens lens generates them. */
export async function greedyTokens(
  context: TestAttentionContext,
  model: string,
  ids: readonly number[],
  count: number
): Promise<number[]> {
  const loaded = await context.models.load({model})
  const generated: number[] = []
  const generation = {count, stopIds: loaded.folder.stopIds, sampling: null, seed: 0}
  await loaded.session.run(scoringJob(Int32Array.from(ids), loaded, {generation}), {
    onEvent: (event) => {
      if (event.kind === 'rows') generated.push(...event.generatedIds)
    },
  })
  return generated
}

/** The tokens of a prompt, the inserted ones included. */
export async function promptIds(
  context: TestAttentionContext,
  model: string,
  prompt: string
): Promise<number[]> {
  const loaded = await context.models.load({model})
  const encoding = await loaded.tokenizer.encode(prompt)
  return encoding.parts.map(({id}) => id)
}
