import type {z} from 'zod'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {tokenTableOf} from '../../../shared/domain/token.ts'
import type {
  TreeExpandRequest,
  TreeExpansion,
  TreeOpenAnswer,
  treeOpenRequestSchema,
} from '../../../shared/lenses/tree.ts'
import {openBranching} from '../generation/branching-model.ts'
import type {Tokenizer} from '../tokenizers/tokenizer.ts'
import {type ShapedLaw, shapeLaw} from '../trees/law.ts'
import {restOf} from '../trees/tree-builder.ts'
import {checkIds, vocabularyParts} from './encode-prompt.ts'
import {endOf, lawOf} from './tree.ts'
import {decoderOf, type TreeContext} from './tree-models.ts'

/** What may follow some paths behind a prompt, computed together. Throws a Problem for unknown ids. */
export async function expandTree(
  {graphs, branches}: TreeContext,
  request: TreeExpandRequest,
  signal?: AbortSignal
): Promise<TreeExpansion[]> {
  const {ids, paths, tokenIds, maxChildren} = request
  const model = await graphs.open(request)
  const folder = decoderOf(model)
  const tokenizer = (await graphs.tokenizer(model))!
  checkIds(ids, folder.vocabularySize, 'ids')
  for (const path of paths) checkIds(path, folder.vocabularySize, 'paths')
  checkIds(tokenIds, folder.vocabularySize, 'tokenIds')
  if (ids.length === 0) throw emptyText()
  const isEnd = endOf(folder)
  const isFinished = (path: Int32Array) =>
    ids.length + path.length >= folder.contextLength ||
    (path.length > 0 && isEnd(path[path.length - 1]!))
  const open = paths.filter((path) => !isFinished(path))
  const target = openBranching(branches, model, ids, {}, signal)
  const rows = open.length > 0 ? await target.logprobsAfter(open.map((path) => [...path])) : []
  return paths.map((path) => {
    const at = open.indexOf(path)
    if (at < 0) return {...columnsOf(null, []), tokens: tokenTableOf([]), isFinished: true}
    const law = shapeLaw(rows[at]!, lawOf(request))
    const listed = [...new Set([...law.top(maxChildren), ...tokenIds])]
    const tokens = tokenTableOf(vocabularyParts(tokenizer, listed))
    return {...columnsOf(law, listed), tokens, isFinished: false}
  })
}

function columnsOf(law: ShapedLaw | null, ids: readonly number[]) {
  const logprobs = (distribution: 'raw' | 'temperature' | 'truncated') =>
    Float64Array.from(ids, (id) => {
      const logprob = law!.logprob(id, distribution)
      return Number.isFinite(logprob) ? logprob : Number.NaN
    })
  const rest = law ? restOf(law, ids) : {raw: 0, temperature: 0, truncated: 0, count: 0}
  return {
    rawLogprobs: logprobs('raw'),
    temperatureLogprobs: logprobs('temperature'),
    truncatedLogprobs: logprobs('truncated'),
    ...{rawRestProb: rest.raw, temperatureRestProb: rest.temperature},
    ...{truncatedRestProb: rest.truncated, restCount: rest.count},
  }
}

/** Throws a Problem for an id beyond the vocabulary, and for bytes that are not those of their id. */
function checkTokens(
  tokenizer: Tokenizer,
  vocabularySize: number,
  tokens: z.output<typeof treeOpenRequestSchema>['tokens']
): void {
  checkIds(
    tokens.map(({id}) => id),
    vocabularySize,
    'nodes, tokenId'
  )
  for (const {id, bytesHex} of tokens) {
    const own = Buffer.from(tokenizer.bytesOf(id)).toString('hex')
    if (own === bytesHex) continue
    throw new ProblemError({
      code: 'tree-token',
      message: `The tree has another text for token ${id} than the model’s vocabulary.`,
      field: `nodes, token ${id}`,
      found: `bytes ${bytesHex || 'none'}`,
      expected: `bytes ${own || 'none'}`,
      advice: 'Save the tree again where it was made: this file was changed since.',
    })
  }
}

/** Whether a saved tree is of a model; throws a Problem that names both hashes where it is not. */
export async function openTree(
  {graphs, versions}: TreeContext,
  request: z.output<typeof treeOpenRequestSchema>,
  signal?: AbortSignal
): Promise<TreeOpenAnswer> {
  const model = await graphs.open(request)
  const folder = decoderOf(model)
  const tokenizer = (await graphs.tokenizer(model))!
  const sha256 = await graphs.sha256(model, () => {}, signal)
  if (request.sha256 !== null && request.sha256 !== sha256) {
    throw new ProblemError({
      code: 'tree-of-another-model',
      message:
        'The tree was made with another model, so its tokens and probabilities are not this one’s.',
      field: 'sha256',
      found: request.sha256,
      expected: `${sha256} (${model.files.id})`,
      advice: 'Name the model that made the tree, or grow a new one from the same prompt.',
    })
  }
  checkTokens(tokenizer, folder.vocabularySize, request.tokens)
  const byText = new Map<string, number>()
  if (request.texts.length > 0) {
    const count = Math.min(tokenizer.tokenCount, folder.vocabularySize)
    for (let id = 0; id < count; id++) {
      const text = Buffer.from(tokenizer.bytesOf(id)).toString()
      if (!byText.has(text)) byText.set(text, id)
    }
  }
  const {id, path} = model.files
  return {
    model: {id, path, sha256},
    tokenizer: {id: tokenizer.id, sha256: tokenizer.sha256},
    versions,
    tokenIds: Int32Array.from(request.texts, (text) => byText.get(text) ?? -1),
  }
}

function emptyText(): ProblemError {
  return new ProblemError({
    code: 'empty-prompt',
    message: 'A tree needs a text to grow from.',
    field: 'ids',
    found: 'no tokens',
    expected: 'at least one token',
    advice: 'Give the prompt’s ids.',
  })
}
