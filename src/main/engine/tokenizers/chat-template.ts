import {join} from 'node:path'
import {Template} from '@huggingface/jinja'
import {ProblemError} from '../../../shared/domain/problem.ts'
import type {Message} from '../../../shared/lenses/tokens.ts'
import {readJsonObject, readTextFile} from '../model-folder/file-problems.ts'

type Json = Readonly<Record<string, unknown>>

/** A model's chat template: its source, and the file it came from. */
export interface ChatTemplate {
  readonly source: string
  readonly path: string
  /** `bos_token`, `eos_token` and the like, as templates use them. */
  readonly specialTexts: Readonly<Record<string, string>>
}

/**
 * Finds a folder's chat template: chat_template.jinja, then chat_template.json, then the field of
 * tokenizer_config.json (a text, or a list of named ones). Null where there is none.
 */
export async function readChatTemplate(folder: string): Promise<ChatTemplate | null> {
  const configName = 'tokenizer_config.json'
  const configPath = join(folder, configName)
  const config = (await readJsonObject(configPath, configName)) ?? {}
  const specialTexts = specialTextsOf(config)
  const jinjaPath = join(folder, 'chat_template.jinja')
  const jinja = await readTextFile(jinjaPath, 'chat_template.jinja')
  if (jinja !== null) return {source: jinja, path: jinjaPath, specialTexts}
  const jsonName = 'chat_template.json'
  const jsonPath = join(folder, jsonName)
  for (const [path, json] of [
    [jsonPath, await readJsonObject(jsonPath, jsonName)],
    [configPath, config],
  ] as const) {
    const source = templateOf(json?.chat_template)
    if (source !== null) return {source, path, specialTexts}
  }
  return null
}

function templateOf(value: unknown): string | null {
  if (typeof value === 'string') return value
  if (!Array.isArray(value)) return null
  const named = value.filter((entry): entry is {name: string; template: string} => {
    return typeof entry?.name === 'string' && typeof entry?.template === 'string'
  })
  return (named.find((entry) => entry.name === 'default') ?? named[0])?.template ?? null
}

/** Fields like `bos_token`: a text, or an object with its content. */
function specialTextsOf(config: Json): Record<string, string> {
  const texts: Record<string, string> = {}
  for (const [name, value] of Object.entries(config)) {
    if (!name.endsWith('_token')) continue
    const content = typeof value === 'object' && value !== null ? (value as Json).content : value
    if (typeof content === 'string') texts[name] = content
  }
  return texts
}

/**
 * The text of a chat with its generation prompt. Throws a Problem with the template's file and words
 * where it cannot be parsed, refuses the messages or fails.
 */
export function renderChatTemplate(
  template: ChatTemplate,
  messages: readonly Message[],
  now: Date = new Date()
): string {
  const refused: {message: string | null} = {message: null}
  try {
    return new Template(template.source).render({
      ...template.specialTexts,
      messages: messages.map(({role, content}) => ({role, content})),
      add_generation_prompt: true,
      raise_exception: (message: unknown) => {
        refused.message = String(message)
        throw new Error(refused.message)
      },
      strftime_now: (format: unknown) => formatTime(String(format), now),
    })
  } catch (error) {
    const found = refused.message ?? (error instanceof Error ? error.message : String(error))
    throw new ProblemError({
      code: refused.message === null ? 'chat-template-failed' : 'chat-template-refused',
      message:
        refused.message === null
          ? 'The chat template of the model fails.'
          : 'The chat template of the model refuses these messages.',
      file: template.path,
      field: 'chat_template',
      found,
      expected:
        refused.message === null
          ? 'a template that renders'
          : 'messages in the order and roles that the template allows',
      advice:
        refused.message === null
          ? 'Give the prompt as plain text, or correct the template.'
          : 'Change the messages as the template says.',
    })
  }
}

const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August'],
  ...['September', 'October', 'November', 'December'],
]
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

/** The directives of C's `strftime` that templates use, in English; others are left as they are. */
function formatTime(format: string, now: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const month = MONTHS[now.getMonth()]!
  const day = DAYS[now.getDay()]!
  const values: Record<string, string> = {
    Y: String(now.getFullYear()),
    y: two(now.getFullYear() % 100),
    m: two(now.getMonth() + 1),
    B: month,
    b: month.slice(0, 3),
    d: two(now.getDate()),
    A: day,
    a: day.slice(0, 3),
    H: two(now.getHours()),
    I: two(now.getHours() % 12 || 12),
    p: now.getHours() < 12 ? 'AM' : 'PM',
    M: two(now.getMinutes()),
    S: two(now.getSeconds()),
    '%': '%',
  }
  return format.replace(/%([a-zA-Z%])/g, (whole, directive) => values[directive] ?? whole)
}
