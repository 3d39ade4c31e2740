import {ProblemError} from '../../../shared/domain/problem.ts'
import type {InputMetadata} from './tensors.ts'

/** What a graph's inputs are for. Names are those that exporters write (ONNX notes, section 7). */
export interface GraphInputs {
  readonly inputIds: InputMetadata
  readonly attentionMask: InputMetadata | null
  readonly positionIds: InputMetadata | null
  readonly cachePosition: InputMetadata | null
  readonly tokenTypeIds: InputMetadata | null
  readonly useCacheBranch: InputMetadata | null
  readonly numLogitsToKeep: InputMetadata | null
  readonly past: readonly PastInput[]
}

/** One tensor of the KV cache: fed as `name`, given back as `outputName`. */
export interface PastInput {
  readonly name: string
  readonly outputName: string
  readonly type: string
  /** Its dimensions before any position is cached. */
  readonly emptyDimensions: readonly number[]
  /** The axis that grows with the sequences that run together; null where none may. */
  readonly batchAxis: number | null
}

const FIXED_NAMES = {
  input_ids: 'inputIds',
  attention_mask: 'attentionMask',
  position_ids: 'positionIds',
  cache_position: 'cachePosition',
  token_type_ids: 'tokenTypeIds',
  use_cache_branch: 'useCacheBranch',
  num_logits_to_keep: 'numLogitsToKeep',
} as const

/**
 * Sorts a graph's inputs by what they are for. Throws a Problem on an input that is none of the known
 * ones, without `input_ids`, and on a cache input without its output.
 */
export function readGraphInputs(
  inputs: readonly InputMetadata[],
  outputNames: readonly string[],
  {keyValueHeadCount, headSize}: {keyValueHeadCount: number; headSize: number}
): GraphInputs {
  const found: {-readonly [Name in keyof GraphInputs]?: InputMetadata} = {}
  const past: PastInput[] = []
  for (const input of inputs) {
    const role = (FIXED_NAMES as Record<string, keyof GraphInputs>)[input.name]
    if (role) {
      found[role] = input
    } else if (/^past/.test(input.name)) {
      past.push({
        name: input.name,
        outputName: outputOfPast(input.name, outputNames),
        type: input.type,
        emptyDimensions: emptyDimensions(input, keyValueHeadCount, headSize),
        batchAxis: batchAxisOf(input),
      })
    } else {
      throw unknownInput(input.name)
    }
  }
  if (!found.inputIds) throw unknownInput(inputs.map((input) => input.name).join(', '))
  return {
    inputIds: found.inputIds,
    attentionMask: found.attentionMask ?? null,
    positionIds: found.positionIds ?? null,
    cachePosition: found.cachePosition ?? null,
    tokenTypeIds: found.tokenTypeIds ?? null,
    useCacheBranch: found.useCacheBranch ?? null,
    numLogitsToKeep: found.numLogitsToKeep ?? null,
    past,
  }
}

function outputOfPast(name: string, outputNames: readonly string[]): string {
  const candidates = [
    name.replace(/^past_key_values/, 'present'),
    name.replace(/^past_key_values/, 'present_key_values'),
    name.replace(/^past/, 'present'),
  ]
  const outputName = candidates.find((candidate) => outputNames.includes(candidate))
  if (outputName) return outputName
  throw new ProblemError({
    code: 'cache-output-missing',
    message: `The graph takes a cache input that none of its outputs continues.`,
    field: name,
    found: outputNames.join(', '),
    expected: `an output named ${candidates[0]}`,
    advice: 'Export the model again with its KV cache, or without any.',
  })
}

/** A model that runs sequences together has an axis of no fixed length for them: named, else the first. */
function batchAxisOf({shape}: InputMetadata): number | null {
  const named = shape.findIndex((length) => typeof length === 'string' && /batch/i.test(length))
  if (named >= 0) return named
  return typeof shape[0] === 'string' ? 0 : null
}

/**
 * Batch 1 and no positions; named dimensions are told apart by their names, since a cache may be
 * (batch, heads, positions, size), its transpose, or both halves stacked.
 */
function emptyDimensions(
  input: InputMetadata,
  keyValueHeadCount: number,
  headSize: number
): number[] {
  const dimensions = input.shape.map((dimension, axis) => {
    if (typeof dimension === 'number') return dimension
    if (/past|seq|len|total/i.test(dimension)) return 0
    if (/head/i.test(dimension)) return keyValueHeadCount
    if (/dim|size/i.test(dimension) && !/batch/i.test(dimension)) return headSize
    if (/batch/i.test(dimension) || axis === 0) return 1
    return -1
  })
  const unnamed = dimensions.indexOf(-1)
  if (unnamed >= 0 && !dimensions.includes(0)) dimensions[unnamed] = 0
  if (dimensions.filter((length) => length === 0).length === 1 && !dimensions.includes(-1)) {
    return dimensions
  }
  if (dimensions.length === 4) return [1, keyValueHeadCount, 0, headSize]
  throw new ProblemError({
    code: 'unknown-cache-shape',
    message: 'The shape of a cache input does not say which dimension counts positions.',
    field: input.name,
    found: `[${input.shape.join(', ')}]`,
    expected: '[batch, heads, positions, head size]',
    advice: 'Export the model again with named dynamic axes.',
  })
}

function unknownInput(name: string): ProblemError {
  return new ProblemError({
    code: 'unsupported-input',
    message: 'The graph wants an input that a decoder of text does not have.',
    field: name,
    found: name,
    expected: 'input_ids, attention_mask, position_ids and a KV cache',
    advice: 'Choose a decoder-only text model exported for generation.',
  })
}
