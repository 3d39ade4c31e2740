import {z} from 'zod'
import type {HeadRef} from '../../shared/lenses/attention-statistics.ts'
import {headLabelsSchema, sortedLabels} from '../../shared/lenses/head-labels.ts'
import type {KeyValueStorage} from './context.ts'
import type {HeadLabelsState} from './head-labels.ts'

/** Labels of heads outlive every tab: by the model's SHA-256. */
const LABELS_KEY = 'tokenscope.head-labels'

type Labels = HeadLabelsState['headLabels']

const isSameHead = (a: HeadRef, b: HeadRef) => a.layer === b.layer && a.head === b.head

export const keptLabelsSchema = z.record(z.string(), headLabelsSchema).catch({})

/** What heads are called, as any tab kept it last. */
export function readKeptHeadLabels(storage: KeyValueStorage): Labels {
  try {
    return keptLabelsSchema.parse(JSON.parse(storage.getItem(LABELS_KEY) ?? '{}'))
  } catch {
    return {}
  }
}

/** Keeps the labels of heads that have changed here; another tab may have changed others. */
export function writeHeadLabels(storage: KeyValueStorage, labels: Labels, previous: Labels): void {
  const kept: Record<string, Labels[string]> = {...readKeptHeadLabels(storage)}
  for (const sha256 of new Set([...Object.keys(labels), ...Object.keys(previous)])) {
    const [now, before] = [labels[sha256] ?? [], previous[sha256] ?? []]
    if (now === before) continue
    const gone = before.filter((old) => !now.some((label) => isSameHead(label, old)))
    const others = (kept[sha256] ?? []).filter((old) => !gone.some((one) => isSameHead(one, old)))
    const changed = now.filter((label) => !before.includes(label))
    const own = sortedLabels([...others, ...changed])
    if (own.length > 0) kept[sha256] = own
    else delete kept[sha256]
  }
  try {
    storage.setItem(LABELS_KEY, JSON.stringify(kept))
  } catch {
    // Storage may be off or full; the tab has them still.
  }
}
