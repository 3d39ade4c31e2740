import {z} from 'zod'
import {ProblemError} from '../../shared/domain/problem.ts'
import {messageSchema} from '../../shared/lenses/tokens.ts'
import type {PromptFlags} from './flag-groups.ts'
import {parseChoice, parseWholeList} from './flag-values.ts'
import {readInputText} from './read-input.ts'
import {UsageError} from './usage-error.ts'

/**
 * Puts the prompt that the flags give into a request's values, in place of one from a config file. Throws a
 * UsageError where there is none or more than one, and a Problem about a file.
 */
export function applyPromptFlags(values: Record<string, unknown>, flags: PromptFlags): void {
  const sources = [flags.prompt, flags.promptFile, flags.messages].filter((s) => s !== undefined)
  if (sources.length > 1) {
    throw new UsageError('give one of --prompt, --prompt-file and --messages')
  }
  if (sources.length > 0) {
    delete values.prompt
    delete values.messages
  }
  if (flags.prompt !== undefined) values.prompt = flags.prompt
  if (flags.promptFile !== undefined) values.prompt = readInputText(flags.promptFile)
  if (flags.messages !== undefined) values.messages = readMessages(flags.messages)
  if (values.prompt === undefined && values.messages === undefined) {
    throw new UsageError('give a prompt with --prompt, --prompt-file or --messages')
  }
  for (const name of ['chat', 'noSpecialTokens', 'parseSpecial'] as const) {
    if (flags[name]) values[name] = true
  }
  if (flags.truncate !== undefined) {
    values.truncate = parseChoice(flags.truncate, '--truncate', ['left', 'right'])
  }
  if (flags.completionIds !== undefined) {
    values.completionIds = parseWholeList(flags.completionIds, '--completion-ids')
  }
}

function readMessages(path: string): unknown {
  const text = readInputText(path)
  const problem = (found: string, field?: string) =>
    new ProblemError({
      code: 'messages-not-readable',
      message: 'The chat cannot be read.',
      file: path === '-' ? 'standard input' : path,
      ...(field ? {field} : {}),
      found,
      expected: 'a JSON list of objects with role and content, both text',
      advice: 'Correct the file.',
    })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw problem(error instanceof Error ? error.message : String(error))
  }
  const parsed = z.array(messageSchema).min(1).safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]!
  throw problem(issue.message, issue.path.join('.') || undefined)
}
