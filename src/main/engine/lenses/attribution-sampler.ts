import {type Problem, ProblemError, type Warning} from '../../../shared/domain/problem.ts'
import type {AttributeRequest, SamplerName} from '../../../shared/lenses/attribute.ts'
import {isInEnglishLetters} from '../../../shared/lenses/english-letters.ts'
import {
  type Candidates,
  DistributionSampler,
  FixedSampler,
  PartOfSpeechSampler,
  UniformSampler,
} from '../attribution/samplers.ts'
import {SingleTokens} from '../attribution/single-tokens.ts'
import type {ReplacementSampler} from '../attribution/subject.ts'
import {TAGGER_NAME, wordClassesOf} from '../attribution/word-classes.ts'
import {BatchRunner} from '../runtime/batch-runner.ts'
import type {InstrumentedSessions} from '../runtime/instrumented-sessions.ts'
import type {GraphedModel, ModelGraphs} from '../runtime/model-graphs.ts'
import type {Tokenizer} from '../tokenizers/tokenizer.ts'
import {type AttributedModel, likeliestAfter} from './attribution-model.ts'
import type {TargetPlan} from './attribution-target.ts'

/** The masked model of the built-in family. */
const BUILT_IN_MLM = 'micro-mlm'
/** One token in so many is hidden at once, as the built-in masked model was trained to see them. */
const HIDDEN_EVERY = 7
/** Of a masked model's distribution; what is less likely than so many others is never drawn. */
const MOST_CANDIDATES = 1024
/** Of a list that one is taken from, should the first be no single token. */
const FEW_CANDIDATES = 64
const MASK_NAMES = ['<mask>', '[MASK]']

/** How replacements will be drawn; what it needs of models is found, and nothing was run yet. */
export interface SamplerChoice {
  readonly name: SamplerName
  readonly mlm: {readonly model: GraphedModel; readonly maskId: number | null} | null
  readonly warnings: readonly Warning[]
}

export interface SamplerContext {
  readonly graphs: ModelGraphs
  /** Of the sampler's own model, so that the attributed one stays open. */
  readonly samplerSessions: InstrumentedSessions
}

/**
 * The sampler of a request: the one that is asked for, else a masked model with the same tokenizer, else uniform.
 * Throws a Problem where what is asked for cannot be had.
 */
export async function chooseSampler(
  {graphs}: SamplerContext,
  {sampler, mlm}: Pick<AttributeRequest, 'sampler' | 'mlm'>,
  text: {readonly text: string; readonly tokenizer: Tokenizer; readonly tokenCount: number}
): Promise<SamplerChoice> {
  const isMasked = sampler === 'mlm' || sampler === 'mlm-prefix'
  if (sampler === 'pos') {
    if (!isInEnglishLetters(text.text)) throw notEnglish()
    return {name: sampler, mlm: null, warnings: [taggerWarning()]}
  }
  if (sampler && !isMasked) return {name: sampler, mlm: null, warnings: []}
  const found = await findMaskedModel(graphs, mlm ?? BUILT_IN_MLM, text, sampler !== 'mlm-prefix')
  if (!('advice' in found)) return {name: sampler ?? 'mlm', mlm: found, warnings: []}
  if (sampler || mlm) throw new ProblemError(found)
  const message = `No masked model shares this tokenizer (${found.found ?? found.message}), so replacements are any tokens, each as likely.`
  return {name: 'uniform', mlm: null, warnings: [{code: 'uniform-replacements', message}]}
}

async function findMaskedModel(
  graphs: ModelGraphs,
  name: string,
  {tokenizer, tokenCount}: {tokenizer: Tokenizer; tokenCount: number},
  needsMask: boolean
): Promise<NonNullable<SamplerChoice['mlm']> | Problem> {
  let model: GraphedModel
  let own: Tokenizer | null
  try {
    model = await graphs.open({model: name})
    own = await graphs.tokenizer(model)
  } catch (error) {
    if (error instanceof ProblemError) return {...error.problem, field: 'mlm'}
    throw error
  }
  if (own?.sha256 !== tokenizer.sha256) return otherTokenizer(name)
  const {config, header} = model.files
  const length = config?.contextLength?.value ?? Number.POSITIVE_INFINITY
  if (tokenCount > length) return shortMaskedModel(name, tokenCount, length)
  if (header.roles.logits === null) return noMask(name, 'no logits')
  const maskId = maskIdOf(tokenizer)
  if (needsMask && maskId === null) return noMask(name, `no token ${MASK_NAMES.join(' or ')}`)
  return {model, maskId}
}

function maskIdOf(tokenizer: Tokenizer): number | null {
  for (const name of MASK_NAMES) {
    const id = tokenizer.idOfBytes(new TextEncoder().encode(name))
    if (id !== null && tokenizer.isSpecial(id)) return id
  }
  return null
}

/** Makes the sampler for one context, running the masked model or the attributed one where it needs them. */
export async function prepareSampler(
  {samplerSessions}: SamplerContext,
  {name, mlm}: SamplerChoice,
  {
    plan,
    tokenizer,
    attributed,
  }: {
    readonly plan: TargetPlan
    readonly tokenizer: Tokenizer
    readonly attributed: AttributedModel
  },
  signal?: AbortSignal
): Promise<{sampler: ReplacementSampler; setupTokenCount: number}> {
  const tokens = new SingleTokens(tokenizer)
  const {ids, contextPositions} = plan
  if (name === 'uniform') return {sampler: new UniformSampler(tokens), setupTokenCount: 0}
  if (name === 'pos') {
    const classes = await wordClassesOf(tokenizer, undefined, signal)
    return {sampler: new PartOfSpeechSampler(tokens, ids, classes), setupTokenCount: 0}
  }
  if (name === 'self') {
    const before = contextPositions.filter((position) => position > 0)
    const rows = before.map((position) => position - 1)
    const found = await attributed.likeliest(ids, rows, FEW_CANDIDATES)
    const sampler = new FixedSampler('self', tokens, ids, movedBy(found, 1))
    return {sampler, setupTokenCount: ids.length}
  }
  const runner = new BatchRunner(samplerSessions, mlm!.model)
  const candidates = new Map<number, Candidates>()
  const add = (found: ReadonlyMap<number, Candidates>) => {
    for (const [position, one] of found) candidates.set(position, one)
  }
  if (name === 'mlm') {
    for (let rest = 0; rest < HIDDEN_EVERY; rest++) {
      const positions = contextPositions.filter((position) => position % HIDDEN_EVERY === rest)
      const hidden = ids.slice()
      for (const position of positions) hidden[position] = mlm!.maskId!
      add(await likeliestAfter(runner, hidden, positions, MOST_CANDIDATES, signal))
    }
    const sampler = new DistributionSampler(tokens, ids, candidates)
    return {sampler, setupTokenCount: runner.tokenCount}
  }
  for (const position of contextPositions) {
    if (position === 0) continue
    const prefix = ids.subarray(0, position)
    const found = await likeliestAfter(runner, prefix, [position - 1], FEW_CANDIDATES, signal)
    add(movedBy(found, 1))
  }
  const sampler = new FixedSampler('masked model', tokens, ids, candidates)
  return {sampler, setupTokenCount: runner.tokenCount}
}

/** What a row predicts stands one position later. */
function movedBy(candidates: ReadonlyMap<number, Candidates>, by: number): Map<number, Candidates> {
  return new Map([...candidates].map(([position, one]) => [position + by, one]))
}

function taggerWarning(): Warning {
  const message = `Parts of speech are those of ${TAGGER_NAME}, which knows English alone. The released sampler has the tagger of NLTK, so this is not the same.`
  return {code: 'other-tagger', message}
}

function notEnglish(): ProblemError {
  return new ProblemError({
    code: 'not-english',
    message: 'Parts of speech are known of English words alone.',
    field: 'sampler',
    found: 'a text whose letters are mostly others than A to Z',
    expected: 'an English text',
    advice: 'Choose another sampler, such as uniform.',
  })
}

function otherTokenizer(name: string): Problem {
  return {
    code: 'mlm-tokenizer-differs',
    message: 'The masked model has another tokenizer than the attributed model.',
    field: 'mlm',
    found: `${name} with a tokenizer of its own`,
    expected: 'a masked model with the very same tokenizer.json',
    advice: 'Choose another masked model, or the uniform sampler.',
  }
}

function shortMaskedModel(name: string, tokenCount: number, contextLength: number): Problem {
  return {
    code: 'mlm-too-short',
    message: 'The text is longer than the context of the masked model.',
    field: 'mlm',
    found: `${tokenCount} tokens, with ${name}`,
    expected: `at most ${contextLength} tokens`,
    advice: 'Shorten the text, or choose the uniform sampler.',
  }
}

function noMask(name: string, found: string): Problem {
  return {
    code: 'no-masked-model',
    message: 'The model does not fill in hidden tokens.',
    field: 'mlm',
    found: `${name}: ${found}`,
    expected: 'a masked language model',
    advice: 'Choose a masked model, or the uniform sampler.',
  }
}
