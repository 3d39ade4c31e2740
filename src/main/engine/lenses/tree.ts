import {ProblemError, type Warning} from '../../../shared/domain/problem.ts'
import {tokenTableOf} from '../../../shared/domain/token.ts'
import {attentionRequestSchema} from '../../../shared/lenses/attention.ts'
import {
  type ContinuationStrategy,
  type DraftStrategy,
  isDraftStrategy,
  type TreeEvent,
  type TreeLaw,
  type TreeRequest,
} from '../../../shared/lenses/tree.ts'
import {type BareTreeNode, treeColumnsOf} from '../../../shared/lenses/tree-columns.ts'
import {
  branchingNodeCount,
  distributionOf,
  MAX_DRAFT_NODES,
  withTreeDefaults,
} from '../../../shared/lenses/tree-defaults.ts'
import {type BranchingModel, openBranching} from '../generation/branching-model.ts'
import type {ModelFolder} from '../model-folder/model-folder.ts'
import type {Tokenizer} from '../tokenizers/tokenizer.ts'
import {runDrafts} from '../trees/draft-run.ts'
import {DraftCounter, stepOf} from '../trees/draft-stats.ts'
import {createDraftMemory, type DraftMemory} from '../trees/draft-strategy.ts'
import {growTree} from '../trees/grow-tree.ts'
import {shapeLaw} from '../trees/law.ts'
import {TreeBuilder} from '../trees/tree-builder.ts'
import {readText} from './attention-text.ts'
import {completionPart} from './encode-prompt.ts'
import {DraftRecorder} from './tree-drafts.ts'
import {
  decoderOf,
  type OpenedDraft,
  openDraft,
  precisionWarnings,
  type TreeContext,
} from './tree-models.ts'

/** Draft laws at the target's temperature 0 are drawn at this one, so that there is more than one sibling. */
const GREEDY_DRAFT_TEMPERATURE = 0.6
/** Positions of a prompt whose predictions are asked for together. */
const PREFILL_STEP = 64
/** Runs that the time of one row is the median of. */
const TIMING_RUNS = 5

/** One run of the lens: what is opened, and how it is asked. */
interface Run {
  readonly request: TreeRequest
  readonly ids: Int32Array
  readonly target: BranchingModel
  readonly draft: OpenedDraft | null
  readonly folder: ModelFolder
  readonly tokenizer: Tokenizer
}

/**
 * Grows a tree of continuations, or drafts and verifies step by step; nodes are given as they come. Aborted,
 * it throws the signal's reason.
 */
export async function* runTree(
  context: TreeContext,
  given: TreeRequest,
  signal?: AbortSignal
): AsyncGenerator<TreeEvent, void, undefined> {
  const startedMs = performance.now()
  const request = withTreeDefaults(given)
  checkBranching(request)
  const asked = attentionRequestSchema.parse(promptOf(request))
  const reading = readText(context, asked, signal)
  let read = await reading.next()
  for (; !read.done; read = await reading.next()) {
    const {done, total} = read.value
    yield {kind: 'progress', phase: 'reading', done, total, secondsLeft: null}
  }
  const text = read.value
  const {model, prompt, ids, provenance} = text
  const folder = decoderOf(model)
  if (ids.length >= folder.contextLength) throw contextFull(folder.contextLength)
  const tokenizer = (await context.graphs.tokenizer(model))!
  const target = openBranching(context.branches, model, ids, {}, signal)
  const from = {ids, model: provenance.model}
  const draft = yield* openDraft(context, request, model, from, signal)
  yield {
    kind: 'tokenized',
    request,
    text: prompt.text,
    promptTokenCount: prompt.promptTokenCount,
    tokens: tokenTableOf(prompt.parts),
    turns: [...prompt.turns],
    ...provenance,
    draft: draft?.facts ?? null,
    distribution: distributionOf(request),
    method: target.method,
    warnings: [
      ...prompt.warnings,
      ...model.warnings,
      ...precisionWarnings(model, target.method === 'tree-mask'),
    ],
  }
  yield {kind: 'progress', phase: 'prompt', done: 0, total: ids.length, secondsLeft: null}
  const run = {request, ids, target, draft, folder, tokenizer}
  const completed = isDraftStrategy(request.strategy)
    ? yield* draftEvents(run, request.strategy)
    : yield* growthEvents(run, request.strategy)
  const {timing, ...rest} = completed
  yield {
    ...rest,
    kind: 'completed',
    timing: {totalMs: performance.now() - startedMs, draft: timing},
  }
}

type Completed = Omit<Extract<TreeEvent, {kind: 'completed'}>, 'kind' | 'timing'> & {
  readonly timing: Extract<TreeEvent, {kind: 'completed'}>['timing']['draft']
}

async function* growthEvents(
  run: Run,
  strategy: ContinuationStrategy
): AsyncGenerator<TreeEvent, Completed, undefined> {
  const {request, target, ids, folder, tokenizer} = run
  const isEnd = endOf(folder)
  const builder = new TreeBuilder({
    ...{source: target, isEnd, seed: request.seed, distribution: distributionOf(request)},
    shape: (logprobs) => shapeLaw(logprobs, lawOf(request)),
    maxDepth: folder.contextLength - ids.length,
  })
  const {rounds, total} = growTree(builder, strategy, request)
  for await (const done of rounds) {
    yield* nodesEvent(tokenizer, builder.takeChanges())
    const reached = strategy === 'beam' || strategy === 'sbs' || strategy === 'sample'
    yield {
      ...{kind: 'progress', phase: 'growing', total, secondsLeft: null},
      done: Math.min(total, reached ? done : builder.tokens.size),
    }
  }
  yield* nodesEvent(tokenizer, builder.takeChanges())
  const isCut = [...builder.tokens.values()].some(
    ({status, tokenId}) => status === 'finished' && !isEnd(tokenId)
  )
  return {
    expandedCount: builder.expandedCount,
    surplusCount: builder.surplusCount,
    stats: null,
    warnings: isCut ? [contextReached(folder.contextLength)] : [],
    timing: null,
  }
}

async function* draftEvents(
  run: Run,
  strategy: DraftStrategy
): AsyncGenerator<TreeEvent, Completed, undefined> {
  const {request, target, draft, ids, folder, tokenizer} = run
  const law = lawOf(request)
  const memory = createDraftMemory(request)
  const warnings: Warning[] = []
  if (strategy === 'token-recycling') await recyclePrompt(run, memory, warnings)
  const isSelf = draft?.facts.exitLayer !== null && draft?.facts.exitLayer !== undefined
  const recorder = new DraftRecorder(law, distributionOf(request), isSelf ? 'layer' : null)
  const counter = new DraftCounter()
  const maxNewTokens = request.maxNewTokens ?? 32
  // The prompt's own runs come before anything is counted.
  await target.logitsAfter([[]])
  await draft?.model.logitsAfter([[]])
  const before = {target: {...target.counts}, draft: {...(draft?.model.counts ?? target.counts)}}
  let committedCount = 0
  const steps = runDrafts({
    ...{strategy, parameters: request, target, draft: draft?.model ?? null, memory},
    ...{targetLaw: law, promptIds: [...ids], isEnd: endOf(folder), seed: request.seed},
    beginId: folder.beginId,
    draftLaw: {
      temperature: request.draftTemperature ?? (law.temperature || GREEDY_DRAFT_TEMPERATURE),
      ...(request.draftTopP !== undefined && {topP: request.draftTopP}),
    },
    ...{contextLength: folder.contextLength, maxNewTokens, maxSteps: request.steps ?? 1000},
  })
  for await (const event of steps) {
    if (event.kind === 'drafted') {
      yield* nodesEvent(tokenizer, recorder.drafted(event.step, event.tree))
      continue
    }
    counter.add(event)
    committedCount += event.ids.length
    const {nodes, verdicts} = recorder.verified(event)
    yield* nodesEvent(tokenizer, nodes)
    for (const verdict of verdicts) yield {kind: 'verdict', verdict}
    yield {kind: 'step', step: stepOf(event), ids: Int32Array.from(event.ids)}
    yield {
      ...{kind: 'progress', phase: 'drafting', secondsLeft: null},
      ...{done: committedCount, total: maxNewTokens},
    }
  }
  const stats = counter.stats()
  const perStep = Math.max(1, stats.steps)
  const rowsMs = (target.counts.elapsedMs - before.target.elapsedMs) / perStep
  const rowCount = (target.counts.rowCount - before.target.rowCount) / perStep
  const draftMsPerStep = draft
    ? (draft.model.counts.elapsedMs - before.draft.elapsedMs) / perStep
    : 0
  const oneRowMs = await timeOfOneRow(target)
  return {
    ...{expandedCount: 0, surplusCount: 0, stats, warnings},
    timing: {
      ...{oneRowMs, rowsMs, draftMsPerStep, rowCount: Math.round(rowCount)},
      speedUp: (stats.committedMean * oneRowMs) / (rowsMs + draftMsPerStep),
    },
  }
}

/** Token Recycling starts from what the model predicts along the prompt. */
async function recyclePrompt(
  {target, ids}: Run,
  {recycled}: DraftMemory,
  warnings: Warning[]
): Promise<void> {
  if (target.method === 'paths') {
    warnings.push({
      code: 'recycling-starts-empty',
      message:
        'Without a tree mask the predictions along the prompt are not gathered: the candidates start empty.',
    })
    return
  }
  const whole = target.of(new Int32Array(0))
  for (let first = 0; first < ids.length; first += PREFILL_STEP) {
    const ends = Array.from(
      {length: Math.min(PREFILL_STEP, ids.length - first)},
      (_, i) => first + i + 1
    )
    const rows = await whole.logprobsAfter(ends.map((end) => [...ids.subarray(0, end)]))
    for (const [i, end] of ends.entries()) recycled.record(ids[end - 1]!, rows[i]!)
  }
}

async function timeOfOneRow(target: BranchingModel): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < TIMING_RUNS; i++) {
    const before = target.counts.elapsedMs
    await target.logitsAfter([[]])
    times.push(target.counts.elapsedMs - before)
  }
  return times.sort((a, b) => a - b)[TIMING_RUNS >> 1]!
}

function* nodesEvent(
  tokenizer: Tokenizer,
  nodes: readonly BareTreeNode[]
): Generator<TreeEvent, void, undefined> {
  if (nodes.length === 0) return
  yield {kind: 'nodes', nodes: treeColumnsOf(nodes, (id) => completionPart(tokenizer, id, 0))}
}

export function lawOf({temperature, topK, topP, minP}: TreeLaw): TreeLaw {
  return {
    temperature,
    ...(topK !== undefined && {topK}),
    ...(topP !== undefined && {topP}),
    ...(minP !== undefined && {minP}),
  }
}

export function endOf({stopIds}: Pick<ModelFolder, 'stopIds'>): (tokenId: number) => boolean {
  const ends = new Set(stopIds)
  return (tokenId) => ends.has(tokenId)
}

function promptOf(request: TreeRequest) {
  const {model, file, prompt, messages, chat, noSpecialTokens, parseSpecial} = request
  const {truncate, completionIds} = request
  return {
    ...{model, file, prompt, messages, chat, noSpecialTokens, parseSpecial},
    ...{truncate, completionIds},
  }
}

/** A tree of a branching grows by products: it is refused before anything is drafted. */
function checkBranching({strategy, branching = []}: TreeRequest): void {
  const count = branchingNodeCount(branching)
  if ((strategy !== 'specinfer' && strategy !== 'rsd-c') || count <= MAX_DRAFT_NODES) return
  throw new ProblemError({
    code: 'draft-too-large',
    message: 'A draft of this branching has more nodes than are verified at once.',
    field: 'branching',
    found: `${branching.join(',')}: ${count} nodes a step`,
    expected: `at most ${MAX_DRAFT_NODES}`,
    advice: 'Give the deeper levels fewer children.',
  })
}

function contextReached(contextLength: number): Warning {
  return {
    code: 'context-reached',
    message: `Some branches fill the context of ${contextLength} tokens: nothing is grown behind them.`,
  }
}

function contextFull(contextLength: number): ProblemError {
  return new ProblemError({
    code: 'context-full',
    message: 'The prompt fills the model’s context, so nothing can follow it.',
    field: 'prompt',
    found: `${contextLength} tokens`,
    expected: `at most ${contextLength - 1}`,
    advice: 'Shorten the prompt.',
  })
}
