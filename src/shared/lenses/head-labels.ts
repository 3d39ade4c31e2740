import {z} from 'zod'
import {ProblemError} from '../domain/problem.ts'
import {headRefSchema} from './attention-statistics.ts'

const wordsSchema = z
  .string()
  .max(60)
  .transform((text) => text.replace(/\s+/gu, ' '))

/** What a person calls one head of a model; the empty name and group are none. */
export const headLabelSchema = headRefSchema.extend({
  name: wordsSchema.default(''),
  /** Heads of one group are found together. */
  group: wordsSchema.default(''),
  isStarred: z.boolean().default(false),
})
export type HeadLabel = z.infer<typeof headLabelSchema>

/** Labels of one model, by layer and head, each head once. */
export const headLabelsSchema = z
  .array(headLabelSchema)
  .max(100_000)
  .transform((labels) => sortedLabels(labels))

/** A file of labels: they belong to the model's weights, wherever those lie. */
export const headLabelsFileSchema = z.object({
  schema: z.literal('tokenscope/head-labels@1'),
  model: z.object({
    id: z.string().max(1000),
    /** Of its ONNX file, in hex. */
    sha256: z.string().regex(/^[0-9a-f]{64}$/u, 'a SHA-256 of 64 hexadecimal digits'),
  }),
  labels: headLabelsSchema,
})
export type HeadLabelsFile = z.infer<typeof headLabelsFileSchema>

/** A label of 100,000 heads takes less. */
const MAX_FILE_CHARS = 32 * 1024 * 1024

export const isEmptyLabel = ({name, group, isStarred}: HeadLabel) =>
  name.trim() === '' && group.trim() === '' && !isStarred

/** By layer and head; of several of one head the last; none that says nothing. */
export function sortedLabels(labels: readonly HeadLabel[]): HeadLabel[] {
  const byHead = new Map(labels.map((label) => [`${label.layer}.${label.head}`, label]))
  return [...byHead.values()]
    .filter((label) => !isEmptyLabel(label))
    .sort((a, b) => a.layer - b.layer || a.head - b.head)
}

/** The text of a file of labels. */
export function headLabelsText(
  model: HeadLabelsFile['model'],
  labels: readonly HeadLabel[]
): string {
  const {id, sha256} = model
  const file = {schema: 'tokenscope/head-labels@1', model: {id, sha256}, labels}
  return `${JSON.stringify(file, null, 2)}\n`
}

/** Reads a file of labels. Throws a Problem for anything else. */
export function readHeadLabels(text: string, file: string): HeadLabelsFile {
  if (text.length > MAX_FILE_CHARS) throw unreadable(file, `${text.length} characters`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw unreadable(file, error instanceof Error ? error.message : String(error))
  }
  const parsed = headLabelsFileSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]!
  throw unreadable(file, issue.message, issue.path.join('.') || undefined)
}

function unreadable(file: string, found: string, field?: string): ProblemError {
  return new ProblemError({
    code: 'head-labels-unreadable',
    message: 'The file holds no labels of heads.',
    ...{file, found, ...(field === undefined ? {} : {field})},
    expected: 'JSON that was saved by “Save labels…” (tokenscope/head-labels@1)',
    advice: 'Choose a file that the attention lens saved.',
  })
}
