import {z} from 'zod'
import {modelListingSchema} from '../../shared/domain/model.ts'
import {warningSchema} from '../../shared/domain/problem.ts'
import {provenanceSchema} from '../../shared/lenses/tokens.ts'
import type {Connect} from './connect.ts'
import type {Terminal} from './terminal.ts'
import {formatTable} from './text-table.ts'
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
  flags: {json?: boolean},
  connect: Connect,
  terminal: Terminal
): Promise<number> {
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
    await terminal.print(flags.json ? `${JSON.stringify(result)}\n` : modelsText(models))
    return EXIT.done
  } finally {
    await engine.close()
  }
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
