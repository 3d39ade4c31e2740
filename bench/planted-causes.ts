import {readFileSync} from 'node:fs'
import {appendFile, mkdir, writeFile} from 'node:fs/promises'
import {join, resolve} from 'node:path'
import {physicalCoreCount} from '../src/main/engine/runtime/threads.ts'
import {openLocalEngine} from '../src/main/local-engine.ts'
import type {EngineClient} from '../src/shared/engine-client/connect.ts'
import {
  attributeResultOf,
  foldAttributeEvent,
  startAttributeRun,
} from '../src/shared/lenses/assemble-attribute.ts'
import {
  type AttributeRequestInput,
  type AttributeResult,
  type AttributionMethod,
  type AttributionPresetName,
  attributeRequestSchema,
} from '../src/shared/lenses/attribute.ts'
import {createSeededRandom} from '../src/shared/math/seeded-random.ts'
import {keptLines} from './kept-lines.ts'
import {plantedCausesReport} from './planted-causes-report.ts'

/**
 * How well methods find causes that are known: prompts whose answer a set of tokens decides together, each confirmed
 * by replacing it alone. Every prompt and method is one line of a file, so that a run that was stopped goes on:
 * `node scripts/run-ts.mjs bench/planted-causes.ts --count 30 --write`.
 */
const FAMILIES = {
  'retrieved key': {file: 'key-values', kinds: ['list', 'table', 'pairs', 'alike']},
  'repeated sequence': {file: 'sequences', kinds: ['start']},
  'recalled name': {file: 'names', kinds: ['where', 'keeps']},
} as const
export type Family = keyof typeof FAMILIES

/** Rows of the table. The preset of the token-level settings replaces a tenth at a time, not three. */
const METHODS: Readonly<
  Record<string, {method: AttributionMethod; preset?: AttributionPresetName}>
> = {
  reagent: {method: 'reagent'},
  'reagent, preset token': {method: 'reagent', preset: 'token'},
  'occlusion-mask': {method: 'occlusion-mask'},
  'occlusion-delete': {method: 'occlusion-delete'},
  'occlusion-replace': {method: 'occlusion-replace'},
  shapley: {method: 'shapley'},
  'attention-rollout': {method: 'attention-rollout'},
  'last-attention': {method: 'last-attention'},
  random: {method: 'random'},
}
/** Both have a row of their released scores besides. */
const LINE_COUNT = Object.values(METHODS).reduce(
  (sum, {method}) => sum + (method === 'reagent' ? 2 : 1),
  0
)
const MODEL = 'micro-base'
/** Longer prompts are left out, and counted. */
const MOST_TOKENS = 128
const LIMITS = {maxSteps: 200, probes: 5}
/** Replacements of one cause at a time; its probability has to fall by half on average. */
const CONFIRMING_DRAWS = 5

interface Entry {
  readonly id: string
  readonly kind: string
  readonly prompt: string
  readonly answer: string
  readonly causes: readonly (readonly [number, number])[]
}

/** One prompt and method, or a prompt that was dropped. */
export type Line = {readonly family: Family; readonly id: string} & (
  | {readonly dropped: 'too long' | 'not known' | 'not confirmed'}
  | {
      readonly method: string
      readonly causeCount: number
      readonly topIsCause: boolean
      /** Replacing the first by itself takes at least half, whether it is in C or stands beside it. */
      readonly topIsNecessary: boolean
      readonly precision: number
      readonly recallAt3: number
      readonly converged: boolean
      /** Paper form, inserted and special tokens left out; null where it was not measured. */
      readonly softNc: {readonly value: number; readonly logRatioToPermuted: number | null} | null
      readonly deletionArea: number
      readonly insertionArea: number
    }
)

const root = resolve(import.meta.dirname, '..')
const CACHE = join(root, '.cache/bench')

export async function main(flags: readonly string[]): Promise<void> {
  const at = flags.indexOf('--count')
  const count = at < 0 ? 30 : Number(flags[at + 1])
  await mkdir(CACHE, {recursive: true})
  const path = join(CACHE, 'planted-causes.jsonl')
  const lines = keptLines<Line>(path)
  const engine = openLocalEngine({stateFolder: null, threads: physicalCoreCount()})
  const bench = new PlantedCauses(engine.client)
  const keep = async (line: Line) => {
    lines.push(line)
    await appendFile(path, `${JSON.stringify(line)}\n`)
  }
  try {
    for (const family of Object.keys(FAMILIES) as Family[]) {
      let taken = 0
      for (const entry of entriesOf(family)) {
        if (taken >= count) break
        const known = lines.filter((line) => line.family === family && line.id === entry.id)
        if (known.some((line) => 'dropped' in line)) continue
        if (known.length < LINE_COUNT) await bench.run(family, entry, known, keep)
        const done = lines.filter((line) => line.family === family && line.id === entry.id)
        if (!done.some((line) => 'dropped' in line)) taken++
      }
    }
  } finally {
    await engine.close()
  }
  const report = plantedCausesReport(lines, {...LIMITS, mostTokens: MOST_TOKENS, model: MODEL})
  console.log(report)
  if (flags.includes('--write')) await writeFile(join(root, 'docs/attribution.md'), report)
}

function entriesOf(family: Family): Entry[] {
  const {file, kinds} = FAMILIES[family]
  const text = readFileSync(join(root, `assets/evaluation/${file}.jsonl`), 'utf8')
  const entries: Entry[] = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  return entries.filter(({kind}) => (kinds as readonly string[]).includes(kind))
}

class PlantedCauses {
  constructor(private readonly client: EngineClient) {}

  /** Checks a prompt, then runs the methods that it was not run with yet. */
  async run(
    family: Family,
    entry: Entry,
    known: readonly Line[],
    keep: (line: Line) => Promise<void>
  ): Promise<void> {
    const {prompt, id} = entry
    const {tokens} = await this.client.text.tokenize({model: MODEL, prompt})
    if (tokens.ids.length > MOST_TOKENS) return keep({family, id, dropped: 'too long'})
    const causes = positionsIn(entry, tokens)
    const target = await this.attribute({prompt, method: 'random'})
    const answer = await this.client.text.tokenize({
      ...{model: MODEL, prompt: entry.answer, noSpecialTokens: true},
    })
    const targetId = target.target!.tokenIds[0]!
    if (targetId !== answer.tokens.ids[0]) return keep({family, id, dropped: 'not known'})
    const isConfirmed = await this.confirm(tokens.ids, targetId, target.target!.prob, causes)
    if (!isConfirmed) return keep({family, id, dropped: 'not confirmed'})
    const isThere = (name: string) => known.some((line) => 'method' in line && line.method === name)
    const necessary = await this.necessary(prompt)
    for (const [name, settings] of Object.entries(METHODS)) {
      if (isThere(name)) continue
      const checks = {curves: true, faithfulness: settings.method === 'reagent', draws: 8}
      const result = await this.attribute({prompt, ...settings, ...LIMITS, ...checks})
      if (result.released && !isThere(`${name}, released`)) {
        const scores = scoreOf(result, result.released, {causes, necessary})
        await keep({family, id, method: `${name}, released`, ...scores})
      }
      await keep({
        family,
        id,
        method: name,
        ...scoreOf(result, result.values!, {causes, necessary}),
      })
    }
  }

  /** Whether the target's probability falls by half with each cause by itself replaced, mean over draws. */
  private async confirm(
    ids: Int32Array,
    targetId: number,
    prob: number,
    causes: readonly number[]
  ): Promise<boolean> {
    const random = createSeededRandom(1)
    for (const position of causes) {
      let sum = 0
      for (let draw = 0; draw < CONFIRMING_DRAWS; draw++) {
        // Any token but the first four, which are special.
        const id = 4 + Math.floor(random.nextUnit() * 1800)
        const {after} = await this.client.attributions.try({
          ...{model: MODEL, ids: Int32Array.from(ids), contrastId: null},
          ...{targetPositions: [ids.length], targetTokenIds: [targetId]},
          changes: [{position, id}],
        })
        sum += after
      }
      if (sum / CONFIRMING_DRAWS > prob / 2) return false
    }
    return true
  }

  /** Every token that takes half of the probability when it is replaced by itself, in C or not. */
  private async necessary(prompt: string): Promise<number[]> {
    const request = {
      prompt,
      method: 'occlusion-replace',
      seed: 1,
      probes: CONFIRMING_DRAWS,
    } as const
    const {values, target} = await this.attribute(request)
    return values!.filter(({value}) => value >= target!.prob / 2).map(({position}) => position)
  }

  private async attribute(input: Omit<AttributeRequestInput, 'model'>): Promise<AttributeResult> {
    const request = attributeRequestSchema.parse({...input, model: MODEL})
    let run = startAttributeRun(request)
    for await (const event of await this.client.attributions.run(request)) {
      run = foldAttributeEvent(run, event)
    }
    return attributeResultOf(run, 'completed')!
  }
}

/** Tokens that share a byte with one of the causes. */
function positionsIn(
  {causes}: Entry,
  tokens: {byteStarts: Uint32Array; byteEnds: Uint32Array; ids: Int32Array}
): number[] {
  return [...tokens.ids.keys()].filter((position) =>
    causes.some(
      ([start, end]) => tokens.byteStarts[position]! < end && tokens.byteEnds[position]! > start
    )
  )
}

function scoreOf(
  result: AttributeResult,
  values: readonly {position: number; value: number}[],
  {causes, necessary}: {causes: readonly number[]; necessary: readonly number[]}
) {
  const ranked = [...values].sort((a, b) => b.value - a.value).map(({position}) => position)
  const hits = (count: number) =>
    ranked.slice(0, count).filter((position) => causes.includes(position)).length
  const softNc = result.faithfulness?.find(
    ({metric, form, specialsPerturbed}) =>
      metric === 'soft-nc' && form === 'paper' && !specialsPerturbed
  )
  return {
    causeCount: causes.length,
    topIsCause: hits(1) === 1,
    topIsNecessary: necessary.includes(ranked[0]!),
    precision: hits(causes.length) / causes.length,
    recallAt3: hits(3) / causes.length,
    converged: result.stopReason === 'converged',
    softNc: softNc ? {value: softNc.value, logRatioToPermuted: softNc.logRatioToPermuted} : null,
    deletionArea: result.curves!.deletionArea,
    insertionArea: result.curves!.insertionArea,
  }
}
