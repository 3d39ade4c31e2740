import type {PromptRowResult} from '../../shared/lenses/prompt-list.ts'
import type {ListEntry} from '../store/list-entries.ts'

const HEAD = [
  'number',
  'prompt',
  'completion',
  'answer',
  'status',
  'answer_prob',
  'answer_logprob',
  'mean_surprisal_bits',
  'prompt_tokens',
  'completion_ids',
] as const

function fieldsOf({row, number, result, completion, status}: ListEntry): (string | number)[] {
  return [
    number,
    row.prompt,
    completion,
    row.answer ?? '',
    status,
    result?.answer?.prob ?? '',
    result?.answer?.logprob ?? '',
    result?.meanSurprisalBits ?? '',
    result?.promptTokenCount ?? '',
    result?.completionIds.join(' ') ?? '',
  ]
}

/** Tab separated, for pasting into a table: what would end a field or a row is written as in C. */
export function tsvOf(entries: readonly ListEntry[]): string {
  const escaped = (field: string | number) =>
    String(field)
      .replaceAll('\\', '\\\\')
      .replaceAll('\t', '\\t')
      .replaceAll('\r', '\\r')
      .replaceAll('\n', '\\n')
  return [HEAD, ...entries.map(fieldsOf)].map((row) => row.map(escaped).join('\t')).join('\n')
}

/** Comma separated, quoted as RFC 4180 has it. */
export function csvOf(entries: readonly ListEntry[]): string {
  const quoted = (field: string | number) => {
    const text = String(field)
    return /[",\r\n]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }
  const lines = [HEAD, ...entries.map(fieldsOf)].map((row) => row.map(quoted).join(','))
  return `${lines.join('\r\n')}\r\n`
}

/** Rows with what came of them, and the options that gave it. */
export function jsonOf(entries: readonly ListEntry[]): string {
  const rows = entries.map(({row, number, outcome, completion, status}) => ({
    number,
    id: row.id,
    ...(row.messages ? {messages: row.messages} : {prompt: row.prompt}),
    answer: row.answer,
    status,
    ...(outcome?.kind === 'done'
      ? {completion, result: jsonOfResult(outcome.result), options: outcome.options}
      : {}),
    ...(outcome?.kind === 'failed' ? {problem: outcome.problem, options: outcome.options} : {}),
  }))
  return `${JSON.stringify({schema: 'tokenscope/prompt-list@1', rows}, null, 1)}\n`
}

/** With its surprisals as a list; null where a token has none, which JSON has no number for. */
function jsonOfResult(result: PromptRowResult) {
  const surprisalsBits = Array.from(result.surprisalsBits, (bits) =>
    Number.isNaN(bits) ? null : bits
  )
  return {...result, surprisalsBits}
}
