import {formatCount} from '../../../shared/figures/number-format.ts'
import type {RunRecord} from '../../store/state.ts'

const MOST_HINT_CHARS = 240

/** How a run was made, besides its prompt: `sampled, seed 7, T 1.3, top-p 0.9, 4 to generate`. */
export function settingsText({request}: RunRecord): string {
  const {sample, seed, temperature, topP, generate, completionIds, truncate, chat, messages} =
    request
  const parts = [
    ...(chat || messages ? ['chat'] : []),
    ...(truncate ? [`${truncate} part`] : []),
    ...(completionIds?.length ? [`after ${formatCount(completionIds.length)} given`] : []),
    ...(sample ? [`sampled, seed ${seed}, T ${temperature}, top-p ${topP}`] : []),
    generate === 0 ? 'nothing generated' : `${formatCount(generate)} to generate`,
  ]
  return parts.join(', ')
}

/** The end of a run's prompt, where prompts that are alike differ most often, and how it was run. */
export function hintOfRun(run: RunRecord): string {
  const {prompt, messages} = run.request
  const text = prompt ?? messages?.findLast(({content}) => content.trim() !== '')?.content ?? ''
  const chars = [...text.trim()]
  const end = chars.slice(-MOST_HINT_CHARS).join('')
  const cut = chars.length > MOST_HINT_CHARS ? `…${end}` : end
  return `${cut || run.label}\n${run.modelName}, ${settingsText(run)}`
}

/** Of runs that have a label in common, what tells each from the others; nothing for the rest. */
export function notesOfRuns(runs: readonly RunRecord[]): ReadonlyMap<string, string> {
  const alike = new Map<string, RunRecord[]>()
  for (const run of runs) {
    const key = `${run.modelName}\n${run.label}`
    alike.set(key, [...(alike.get(key) ?? []), run])
  }
  const notes = new Map<string, string>()
  for (const group of alike.values()) {
    if (group.length < 2) continue
    const lengths = new Set(group.map((run) => lengthOf(run)))
    for (const run of group) {
      const length = lengths.size > 1 ? `${formatCount(lengthOf(run))} characters, ` : ''
      notes.set(run.id, `${length}${settingsText(run)}`)
    }
  }
  return notes
}

function lengthOf({request: {prompt, messages}}: RunRecord): number {
  return prompt?.length ?? messages?.reduce((sum, {content}) => sum + content.length, 0) ?? 0
}
