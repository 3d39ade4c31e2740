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
 * The text of a chat with its generation prompt, unless that is not wanted. The library gives templates `raise_exception` and
 * `strftime_now`. Throws a Problem with the template's file and words where it cannot be parsed,
 * refuses the messages or fails.
 */
export function renderChatTemplate(
  template: ChatTemplate,
  messages: readonly Message[],
  withGenerationPrompt = true
): string {
  try {
    return parsedTemplate(template).render({
      ...template.specialTexts,
      messages: messages.map(({role, content}) => ({role, content})),
      add_generation_prompt: withGenerationPrompt,
    })
  } catch (error) {
    throw new ProblemError({
      code: 'chat-template-failed',
      message: 'The chat template of the model refuses these messages or fails.',
      file: template.path,
      field: 'chat_template',
      found: error instanceof Error ? error.message : String(error),
      expected: 'messages in the order and roles that the template allows',
      advice: 'Change the messages as the template says, or give the prompt as plain text.',
    })
  }
}

const parsed = new WeakMap<ChatTemplate, Template>()

/** A chat is rendered once a turn to see its turns, and parsing takes longer than rendering. */
function parsedTemplate(template: ChatTemplate): Template {
  const known = parsed.get(template)
  if (known) return known
  const fresh = new Template(template.source)
  parsed.set(template, fresh)
  return fresh
}
