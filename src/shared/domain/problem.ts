import {z} from 'zod'

/**
 * Something that was expected to go wrong and did. It has four parts: where it was found (`file`,
 * `field`), what was found, what was expected, and what the person can do.
 */
export const problemSchema = z.object({
  /** Stable kebab-case name, for tests and for looking it up. */
  code: z.string(),
  /** One sentence that stands alone, without a file path where `file` names it. */
  message: z.string(),
  file: z.string().optional(),
  field: z.string().optional(),
  found: z.string().optional(),
  expected: z.string().optional(),
  /** What to do next, as an imperative sentence. */
  advice: z.string(),
})
export type Problem = z.infer<typeof problemSchema>

/** Carries a {@link Problem} up to where it is shown; anything else that is thrown is a bug. */
export class ProblemError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.message)
    this.name = 'ProblemError'
  }
}

/** The problem as the lines a terminal prints: message, then the parts that are known, then advice. */
export function formatProblem(problem: Problem): string {
  const lines = [problem.message]
  if (problem.file) lines.push(`  in        ${problem.file}`)
  if (problem.field) lines.push(`  at        ${problem.field}`)
  if (problem.found) lines.push(`  found     ${problem.found}`)
  if (problem.expected) lines.push(`  expected  ${problem.expected}`)
  lines.push(`  do        ${problem.advice}`)
  return lines.join('\n')
}

/** A remark on a result that is right but must be read with care. */
export const warningSchema = z.object({code: z.string(), message: z.string()})
export type Warning = z.infer<typeof warningSchema>
