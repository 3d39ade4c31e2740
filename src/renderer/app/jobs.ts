import {METHOD_NAMES} from '../../shared/figures/attribution/words.ts'
import {formatCount, formatFixed, formatMany} from '../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../shared/figures/token-glyphs.ts'
import type {TokensRun} from '../../shared/lenses/assemble-tokens.ts'
import type {AttributionMethod} from '../../shared/lenses/attribute.ts'
import type {HeadsPhase} from '../store/attention-heads.ts'
import type {DatasetJob} from '../store/critical-state.ts'
import type {ListJob} from '../store/prompt-list-state.ts'
import type {LoadStage, RunRecord} from '../store/state.ts'
import type {DraftComparison, TreePhase} from '../store/tree-state.ts'
import type {WishPhase} from '../store/wish-runner.ts'

/** Something under way, as the job line shows it. */
export interface Job {
  readonly name: string
  /** From 0 to 1; null before anything is known. */
  readonly fraction: number | null
  readonly facts: readonly string[]
  readonly cancel: () => void
}

const STAGES: Readonly<Record<LoadStage['stage'], string>> = {
  reading: 'reading files',
  hashing: 'hashing',
  tokenizer: 'tokenizer',
  session: 'session',
  checking: 'checking',
}
const STAGE_ORDER = Object.keys(STAGES)

/** `8.3 MB`, `1.2 GB`. */
export function bytesText(bytes: number): string {
  if (bytes >= 1e9) return `${formatFixed(bytes / 1e9, 1)} GB`
  if (bytes >= 1e6) return `${formatFixed(bytes / 1e6, bytes >= 1e8 ? 0 : 1)} MB`
  return `${formatFixed(bytes / 1e3, 0)} kB`
}

export function loadText(stage: LoadStage | null): string {
  if (!stage) return 'waiting'
  const bytes =
    stage.totalBytes > 0 ? `, ${bytesText(stage.doneBytes)} of ${bytesText(stage.totalBytes)}` : ''
  return `${STAGES[stage.stage]}${bytes}, ${bytesText(stage.memoryBytes)} memory`
}

/** Loading as a whole: each stage is an equal part, its bytes fill it. */
export function loadFraction(stage: LoadStage | null): number | null {
  if (!stage) return null
  const index = STAGE_ORDER.indexOf(stage.stage)
  const inside = stage.totalBytes > 0 ? Math.min(1, stage.doneBytes / stage.totalBytes) : 0
  return (index + inside) / STAGE_ORDER.length
}

export function loadJobOf(name: string, stage: LoadStage | null, cancel: () => void): Job {
  return {name: `Loading ${name}`, fraction: loadFraction(stage), facts: [loadText(stage)], cancel}
}

export function jobOf(run: RunRecord, cancel: () => void): Job {
  const name = 'Tokens'
  const progress = run.phase.kind === 'running' ? run.phase.progress : null
  if (!progress) return {name, fraction: null, facts: ['waiting for the model'], cancel}
  const {phase, done, total, secondsLeft} = progress
  const unit = phase === 'loading' ? '' : ' tokens'
  const what = {
    loading: 'loading',
    prompt: 'prompt',
    generating: 'generating',
    capturing: 'capturing',
  }[phase]
  const counts =
    phase === 'loading'
      ? `${bytesText(done)} of ${bytesText(total)}`
      : `${formatCount(done)} of ${formatCount(total)}${unit}`
  const left = leftFacts(secondsLeft)
  return {
    name,
    fraction: total > 0 ? Math.min(1, done / total) : null,
    facts: [`${what}, ${counts}`, ...left],
    cancel,
  }
}

export function listJobOf(
  {done, total, secondsLeft}: Extract<ListJob, {kind: 'running'}>,
  cancel: () => void
): Job {
  const left = leftFacts(secondsLeft)
  const facts = [`${formatCount(done)} of ${formatCount(total)} prompts`, ...left]
  return {name: 'Prompt list', fraction: total > 0 ? done / total : null, facts, cancel}
}

/** The heads of a text as they are drawn in small. */
export function overviewJobOf(
  {done, total, secondsLeft}: Extract<HeadsPhase, {kind: 'running'}>,
  cancel: () => void
): Job {
  const left = leftFacts(done === total ? null : secondsLeft)
  const facts = [`${formatCount(done)} of ${formatMany(total, 'layer')}`, ...left]
  return {name: 'Overview of heads', fraction: total > 0 ? done / total : null, facts, cancel}
}

/** An attribution under way: its method, what is done, how many steps. */
export function attributionJobOf(
  method: AttributionMethod,
  {phase, done, total, secondsLeft}: Extract<WishPhase, {kind: 'running'}>,
  cancel: () => void
): Job {
  const left = leftFacts(secondsLeft)
  const counts = total > 0 ? ` ${formatCount(done)} of ${formatCount(total)}` : ''
  const what = phase === 'attributing' ? 'step' : (phase ?? 'starting')
  return {
    name: METHOD_NAMES[method],
    fraction: total > 0 ? Math.min(1, done / total) : null,
    facts: [`${what}${counts}`, ...left],
    cancel,
  }
}

/** Completions of prefixes under way, or a contrast. */
export function criticalJobOf(
  {phase, done, total, secondsLeft}: Extract<WishPhase, {kind: 'running'}>,
  cancel: () => void
): Job {
  const left = leftFacts(secondsLeft)
  const counts = total > 1 ? ` ${formatCount(done)} of ${formatCount(total)}` : ''
  const what = phase === 'sampling' ? 'completions' : (phase ?? 'starting')
  return {
    name: 'Critical tokens',
    fraction: total > 0 ? Math.min(1, done / total) : null,
    facts: [`${what}${counts}`, ...left],
    cancel,
  }
}

/** A data set under way, item by item. */
export function datasetJobOf(
  {done, total, secondsLeft}: Extract<DatasetJob, {kind: 'running'}>,
  cancel: () => void
): Job {
  const facts = [`${formatCount(done)} of ${formatMany(total, 'item')}`, ...leftFacts(secondsLeft)]
  return {name: 'Critical tokens of a data set', fraction: done / total, facts, cancel}
}

/** A tree that grows, or drafts that are made and checked. */
export function treeJobOf(
  slot: string,
  {phase, done, total, secondsLeft}: Extract<TreePhase, {kind: 'growing'}>,
  cancel: () => void
): Job {
  const unit = {growing: 'nodes', drafting: 'tokens', law: 'nodes asked for the other law'}[phase]
  const counts = `${formatCount(done)} of at most ${formatCount(total)}`
  const what = unit && total > 0 ? `${counts} ${unit}` : phase
  return {
    name: slot.startsWith('draft:') ? 'Drafts' : 'Tree',
    fraction: total > 0 ? Math.min(1, done / total) : null,
    facts: [what, ...leftFacts(secondsLeft)],
    cancel,
  }
}

/** Strategies of drafting side by side. */
export function comparisonJobOf(
  {done, total, secondsLeft}: DraftComparison,
  cancel: () => void
): Job {
  const facts = [`${formatCount(done)} of ${formatMany(total, 'run')}`, ...leftFacts(secondsLeft)]
  return {name: 'Strategies of drafting', fraction: total > 0 ? done / total : null, facts, cancel}
}

/** What a job still takes at most; nothing where it is not known. */
function leftFacts(secondsLeft: number | null): string[] {
  return secondsLeft === null
    ? []
    : [`at most ${formatCount(Math.max(1, Math.ceil(secondsLeft)))} s left`]
}

/** What became of the prompt list's last job, where none is under way and none failed. */
export function lastListText(job: ListJob, total: number): string {
  const list = `Prompt list, ${formatMany(total, 'row')}`
  if (job.kind === 'cancelled') {
    return `${list}. Cancelled after ${formatCount(job.done)} of ${formatCount(job.total)}. Nothing is running.`
  }
  if (job.kind !== 'idle' || !job.last) return `${list}. Nothing is running.`
  const {rowCount, elapsedMs} = job.last
  return `${list}: ${formatCount(rowCount)} run last, in ${durationText(elapsedMs)}. Nothing is running.`
}

/** `24 ms`, `1.3 s`. */
export function durationText(ms: number): string {
  return ms < 1000 ? `${formatFixed(ms, 0)} ms` : `${formatFixed(ms / 1000, 1)} s`
}

/** Why a generation ended before it had as many tokens as were asked for; null where it did not. */
export function earlyStopText({stopReason, tokens}: TokensRun): string | null {
  switch (stopReason) {
    case 'stop-id': {
      const last = tokens.at(-1)
      return last ? `stopped at ${plainGlyphs(last)}` : null
    }
    case 'context-full':
      return 'context full'
    default:
      return null
  }
}
