import {writeFile} from 'node:fs/promises'
import type {EngineClient} from '../../shared/engine-client/connect.ts'
import {isCancellation} from '../../shared/engine-client/problem-of.ts'
import {
  type VocabularyRequest,
  type VocabularyResult,
  vocabularyRequestSchema,
} from '../../shared/lenses/vocabulary.ts'
import {checked} from './checked-values.ts'
import {type CommonCall, readCommonCall, readConfig, requestValues} from './common-call.ts'
import type {Connect} from './connect.ts'
import {parseWhole} from './flag-values.ts'
import {progressReporter} from './progress.ts'
import type {Terminal} from './terminal.ts'
import {EXIT} from './usage-error.ts'
import type {VocabularyFlags} from './vocabulary-flags.ts'
import {vocabularyText} from './vocabulary-text.ts'

const REQUEST_NAMES = Object.keys(vocabularyRequestSchema.shape)

/** Tells what vocabularies are made of. Resolves with the exit code. */
export async function runVocabulary(
  flags: VocabularyFlags,
  connect: Connect,
  terminal: Terminal
): Promise<number> {
  const config = await readConfig(flags, 'vocabulary', REQUEST_NAMES)
  const call = readCommonCall(flags, config, ['json'])
  const {model: _, ...values} = requestValues({}, config, REQUEST_NAMES)
  if (flags.tokenizers !== undefined) {
    const names = flags.tokenizers.split(',').map((name) => name.trim())
    values.tokenizers = names.filter((name) => name !== '')
  }
  if (flags.search !== undefined) values.search = flags.search
  if (flags.limit !== undefined) values.limit = parseWhole(flags.limit, '--limit')
  if (flags.reach) values.reach = true
  const request = checked(vocabularyRequestSchema, values)
  const engine = await connect(call)
  try {
    const result = await vocabulary(request, call, engine.client, terminal)
    const json = `${JSON.stringify(result ?? {schema: 'tokenscope/vocabulary@1', request, status: 'cancelled'})}\n`
    for (const {path} of result ? call.outFiles : []) await writeFile(path, json)
    if (call.isJson) await terminal.print(json)
    else if (result && call.outFiles.length === 0) await terminal.print(vocabularyText(result))
    if (!result) terminal.printError('Interrupted.\n')
    return result ? EXIT.done : EXIT.interrupted
  } finally {
    await engine.close()
  }
}

/** Null where it was interrupted. */
async function vocabulary(
  request: VocabularyRequest,
  call: CommonCall<string>,
  client: EngineClient,
  terminal: Terminal
): Promise<VocabularyResult | null> {
  const progress = progressReporter(terminal, call.progress)
  try {
    const events = await client.tokenizers.vocabulary(request, {signal: terminal.interrupted})
    for await (const event of events) {
      if (event.kind === 'completed') return event.result
      progress.show(event)
    }
    return null
  } catch (error) {
    if (!terminal.interrupted.aborted && !isCancellation(error)) throw error
    return null
  } finally {
    progress.end()
  }
}
