import {ProblemError} from '../../../shared/domain/problem.ts'
import type {GraphRoles} from '../model-folder/model-folder.ts'
import {presentNames, rolesByName} from '../onnx/graph-roles.ts'
import type {CountInput} from '../onnx/structure.ts'
import type {InputMetadata} from './tensors.ts'

/** What a graph's inputs are for. */
export interface GraphInputs {
  readonly inputIds: InputMetadata
  readonly attentionMask: MaskInput | null
  readonly positionIds: InputMetadata | null
  readonly cachePosition: InputMetadata | null
  readonly tokenTypeIds: InputMetadata | null
  readonly useCacheBranch: InputMetadata | null
  readonly counts: readonly CountedInput[]
  readonly past: readonly PastInput[]
}

export interface MaskInput extends InputMetadata {
  /** It is added to the scores: 0 where a key may be seen. Other masks hold 1 there. */
  readonly isAdded: boolean
}

/** An input of one whole number, and what that is. */
export interface CountedInput extends InputMetadata {
  readonly counts: CountInput['counts']
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

/** What a graph is read with besides its inputs. */
export interface GraphInputSizes {
  readonly keyValueHeadCount: number
  readonly headSize: number
  /** Absent, names have to say what inputs are for. */
  readonly roles?: GraphRoles
}

/**
 * Sorts a graph's inputs by what they are for. Throws a Problem on an input that is for none of the known
 * things, without token ids, where the length of a text is fixed, and on a cache input without its output.
 */
export function readGraphInputs(
  inputs: readonly InputMetadata[],
  outputNames: readonly string[],
  {keyValueHeadCount, headSize, roles: given}: GraphInputSizes
): GraphInputs {
  const roles = given ?? rolesByName(headerOf(inputs, outputNames))
  const named = (name: string | null) => inputs.find((input) => input.name === name) ?? null
  const {attentionMask: maskName, isMaskAdded} = roles
  const mask = named(maskName)
  const found = {
    inputIds: named(roles.inputIds),
    attentionMask: mask && {...mask, isAdded: isMaskAdded},
    positionIds: named(roles.positionIds),
    cachePosition: named(roles.cachePosition),
    tokenTypeIds: named(roles.tokenTypeIds),
    useCacheBranch: named(roles.useCacheBranch),
    counts: roles.counts.flatMap(({input: name, counts}) => {
      const input = named(name)
      return input ? [{...input, counts}] : []
    }),
  }
  const known = new Set(
    Object.values(found)
      .flatMap((one) => (Array.isArray(one) ? one : one ? [one] : []))
      .map(({name}) => name)
  )
  const cached = new Map(roles.kvCache.map((one) => [one.input, one]))
  const past = inputs.flatMap((input): PastInput[] => {
    if (known.has(input.name)) return []
    const {output, axis = null} = cached.get(input.name) ?? {}
    if (output === undefined && !/^past/.test(input.name)) throw unknownInput(input)
    if (output === undefined || !outputNames.includes(output))
      throw withoutOutput(input, outputNames)
    return [
      {
        name: input.name,
        outputName: output,
        type: input.type,
        emptyDimensions: emptyDimensions(input, axis, keyValueHeadCount, headSize),
        batchAxis: batchAxisOf(input, axis),
      },
    ]
  })
  const {inputIds} = found
  if (!inputIds) throw withoutIds(inputs)
  const length = inputIds.shape.at(-1)
  if (typeof length === 'number') throw fixedLength(inputIds, length)
  return {...found, inputIds, past}
}

function headerOf(inputs: readonly InputMetadata[], outputNames: readonly string[]) {
  return {
    inputs: inputs.map(({name, type, shape}) => ({name, dtype: type, dimensions: shape})),
    outputs: outputNames.map((name) => ({name, dtype: 'float32', dimensions: []})),
  }
}

/** A model that runs sequences together has an axis of no fixed length for them: named, else the first. */
function batchAxisOf({shape}: InputMetadata, growing: number | null): number | null {
  const named = shape.findIndex((length) => typeof length === 'string' && /batch/i.test(length))
  if (named >= 0) return named
  if (growing === null) return typeof shape[0] === 'string' ? 0 : null
  const open = openAxes(shape, growing)
  return open.length === 0 ? null : open[0]!
}

/** Axes of no fixed length, but for the one that grows. */
function openAxes(shape: InputMetadata['shape'], growing: number): number[] {
  return shape.flatMap((length, axis) =>
    typeof length === 'string' && axis !== growing ? [axis] : []
  )
}

/** Batch 1 and no positions. Throws a Problem on a cache that does not grow, or not visibly. */
function emptyDimensions(
  input: InputMetadata,
  growing: number | null,
  keyValueHeadCount: number,
  headSize: number
): number[] {
  const {shape} = input
  if (growing === null) return emptyByNames(input, keyValueHeadCount, headSize)
  if (typeof shape[growing] === 'number') throw fixedCache(input)
  // Whichever axis grows, the batch comes before heads, and heads before sizes.
  const open = openAxes(shape, growing)
  const sizes = [1, keyValueHeadCount, headSize]
  if (open.length > sizes.length) throw unknownCacheShape(input)
  return shape.map((length, axis) =>
    axis === growing ? 0 : typeof length === 'number' ? length : sizes[open.indexOf(axis)]!
  )
}

/**
 * Named dimensions are told apart by their names, since a cache may be (batch, heads, positions, size), its
 * transpose, or both halves stacked.
 */
function emptyByNames(input: InputMetadata, keyValueHeadCount: number, headSize: number): number[] {
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
  if (input.shape.every((length) => typeof length === 'number')) throw fixedCache(input)
  if (dimensions.length === 4) return [1, keyValueHeadCount, 0, headSize]
  throw unknownCacheShape(input)
}

function unknownCacheShape(input: InputMetadata): ProblemError {
  return new ProblemError({
    code: 'unknown-cache-shape',
    message: 'The shape of a cache input does not say which dimension counts positions.',
    field: input.name,
    found: shapeOf(input),
    expected: '[batch, heads, positions, head size]',
    advice: 'Export the model again with named dynamic axes.',
  })
}

function shapeOf({type, shape}: InputMetadata): string {
  return `${type} [${shape.join(', ')}]`
}

function unknownInput(input: InputMetadata): ProblemError {
  return new ProblemError({
    code: 'unsupported-input',
    message: `The graph wants an input of which neither name nor use says what it is for: ${input.name}.`,
    field: input.name,
    found: `${input.name}: ${shapeOf(input)}`,
    expected: 'token ids, a mask, positions, token types and a KV cache, and nothing else',
    advice: 'Export the model again without this input, or choose a decoder-only text model.',
  })
}

function withoutIds(inputs: readonly InputMetadata[]): ProblemError {
  return new ProblemError({
    code: 'unsupported-input',
    message: 'No input of the graph looks token ids up in a table of embeddings.',
    field: 'inputs',
    found: inputs.map((input) => `${input.name}: ${shapeOf(input)}`).join(', ') || 'no inputs',
    expected: 'token ids, such as input_ids: int64 [batch, sequence]',
    advice: 'Choose a decoder-only text model that takes token ids.',
  })
}

function withoutOutput(input: InputMetadata, outputNames: readonly string[]): ProblemError {
  return new ProblemError({
    code: 'cache-output-missing',
    message: 'The graph takes a cache input that none of its outputs continues.',
    field: input.name,
    found: outputNames.join(', '),
    expected: `an output that gives ${input.name} back with what was added, such as ${presentNames(input.name)[0] ?? 'present'}`,
    advice: 'Export the model again with its KV cache, or without any.',
  })
}

function fixedLength(inputIds: InputMetadata, length: number): ProblemError {
  return new ProblemError({
    code: 'fixed-length',
    message: `The graph takes texts of exactly ${length} ${length === 1 ? 'token' : 'tokens'}.`,
    field: inputIds.name,
    found: shapeOf(inputIds),
    expected: 'an axis of any length for positions',
    advice: 'Export the model again with dynamic axes for batch and positions.',
  })
}

function fixedCache(input: InputMetadata): ProblemError {
  return new ProblemError({
    code: 'fixed-cache',
    message: 'The graph writes into a cache of fixed length instead of making it longer.',
    field: input.name,
    found: shapeOf(input),
    expected: 'a cache with an axis of any length for positions',
    advice: 'Export the model again with a cache that grows, or without any.',
  })
}
