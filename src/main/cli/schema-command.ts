import {z} from 'zod'
import {attentionResultSchema} from '../../shared/lenses/attention.ts'
import {attributeResultSchema} from '../../shared/lenses/attribute.ts'
import {bytesResultSchema} from '../../shared/lenses/bytes.ts'
import {criticalResultSchema} from '../../shared/lenses/critical.ts'
import {criticalDatasetResultSchema} from '../../shared/lenses/critical-dataset.ts'
import {inspectResultSchema} from '../../shared/lenses/inspect.ts'
import {interveneResultSchema} from '../../shared/lenses/intervene.ts'
import {tokenizeResultSchema} from '../../shared/lenses/tokenize.ts'
import {tokensResultSchema} from '../../shared/lenses/tokens.ts'
import {treeResultSchema} from '../../shared/lenses/tree.ts'
import {vocabularyResultSchema} from '../../shared/lenses/vocabulary.ts'
import {parseChoice} from './flag-values.ts'
import {modelsResultSchema} from './models-command.ts'
import type {Terminal} from './terminal.ts'
import {EXIT} from './usage-error.ts'

/** What `serve --json` prints when it is ready. */
export const serveResultSchema = z.object({
  /** Opens the workbench, with the one-time token in it. */
  url: z.url(),
  port: z.number().int().min(1).max(65_535),
  token: z.string(),
})

const RESULT_SCHEMAS = {
  tokens: tokensResultSchema,
  models: modelsResultSchema,
  inspect: inspectResultSchema,
  attention: attentionResultSchema,
  intervene: interveneResultSchema,
  attribute: attributeResultSchema,
  critical: z.union([criticalResultSchema, criticalDatasetResultSchema]),
  tokenize: tokenizeResultSchema,
  vocabulary: vocabularyResultSchema,
  tree: treeResultSchema,
  bytes: bytesResultSchema,
  serve: serveResultSchema,
}

/** Prints the JSON schema of a command's result. */
export async function runSchema(command: string, terminal: Terminal): Promise<number> {
  const names = Object.keys(RESULT_SCHEMAS) as (keyof typeof RESULT_SCHEMAS)[]
  const name = parseChoice(command, 'schema', names)
  await terminal.print(`${JSON.stringify(z.toJSONSchema(RESULT_SCHEMAS[name]), null, 2)}\n`)
  return EXIT.done
}
