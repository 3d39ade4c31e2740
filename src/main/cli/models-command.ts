import {writeFile} from 'node:fs/promises'
import {z} from 'zod'
import {modelListingSchema} from '../../shared/domain/model.ts'
import {warningSchema} from '../../shared/domain/problem.ts'
import {formatTable} from '../../shared/lenses/text-table.ts'
import {provenanceSchema} from '../../shared/lenses/tokens.ts'
import {checkConfig} from './check-config.ts'
import type {Connect} from './connect.ts'
import {parseChoice} from './flag-values.ts'
import {checkModelsFlags, type ModelsFlags} from './models-flags.ts'
import {outFileOf} from './out-file.ts'
import {readConfigFile} from './read-input.ts'
import type {Terminal} from './terminal.ts'
import {EXIT} from './usage-error.ts'

/** The result of `models`. */
export const modelsResultSchema = z.object({
  schema: z.literal('tokenscope/models@1'),
  request: z.object({command: z.literal('models')}),
  versions: provenanceSchema.shape.versions,
  warnings: z.array(warningSchema),
  models: z.array(modelListingSchema),
})
export type ModelsResult = z.infer<typeof modelsResultSchema>

/** Lists the models that could be opened, without loading any. */
export async function runModels(
  flags: ModelsFlags,
  connect: Connect,
  terminal: Terminal
): Promise<number> {
  const {isJson, outFiles} = await readModelsCall(flags)
  const engine = await connect({})
  try {
    const [{versions}, models] = await Promise.all([
      engine.client.engine.status(),
      engine.client.models.list(),
    ])
    const result: ModelsResult = {
      schema: 'tokenscope/models@1',
      request: {command: 'models'},
      versions,
      warnings: [],
      models,
    }
    for (const {path, format} of outFiles) {
      await writeFile(path, format === 'csv' ? modelsCsv(models) : `${JSON.stringify(result)}\n`)
    }
    if (isJson) await terminal.print(`${JSON.stringify(result)}\n`)
    else if (outFiles.length === 0) await terminal.print(modelsText(models))
    return EXIT.done
  } finally {
    await engine.close()
  }
}

async function readModelsCall(flags: ModelsFlags) {
  checkModelsFlags(flags)
  const config =
    flags.config === undefined
      ? {}
      : checkConfig(await readConfigFile(flags.config), 'models', [
          'json',
          'out',
          'progress',
          'noPrompt',
        ])
  const progress = flags.progress ?? config.progress
  if (progress !== undefined) parseChoice(String(progress), '--progress', ['json', 'none'])
  const out = flags.out ?? (config.out === undefined ? [] : [config.out].flat().map(String))
  return {
    isJson: flags.json ?? config.json === true,
    outFiles: out.map((path) => outFileOf(path, ['json', 'csv'])),
  }
}

/** One row a model, RFC 4180; lists within a cell are separated by spaces. */
function modelsCsv(models: ModelsResult['models']): string {
  const columns = Object.keys(modelListingSchema.shape) as (keyof ModelsResult['models'][number])[]
  const rows = models.map((model) =>
    columns.map((column) => {
      const value = model[column]
      if (value === null) return ''
      if (Array.isArray(value)) return value.join(' ')
      return typeof value === 'object' ? value.message : String(value)
    })
  )
  const lines = [columns, ...rows].map((cells) =>
    cells
      .map((text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text))
      .join(',')
  )
  return `${lines.join('\r\n')}\r\n`
}

function modelsText(models: ModelsResult['models']): string {
  if (models.length === 0) return 'No models were found. Give a folder: --model path/to/folder\n'
  const table = formatTable(
    [
      {title: 'id', align: 'left'},
      {title: 'from', align: 'left'},
      {title: 'kind', align: 'left'},
      {title: 'layers × heads', align: 'right'},
      {title: 'vocabulary', align: 'right'},
      {title: 'context', align: 'right'},
      {title: 'size', align: 'right'},
      {title: '', align: 'left'},
    ],
    models.map((model) => [
      model.id,
      model.source,
      model.kind,
      `${model.layerCount ?? '—'} × ${model.queryHeadCount ?? '—'}`,
      String(model.vocabularySize ?? '—'),
      String(model.contextLength ?? '—'),
      `${(model.bytes / 1e6).toFixed(1)} MB`,
      model.problem ? model.problem.message : '',
    ])
  )
  return `${table}\n`
}
