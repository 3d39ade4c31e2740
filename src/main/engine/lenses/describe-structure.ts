import type {Problem, Warning} from '../../../shared/domain/problem.ts'
import {
  type AttentionSource,
  INSPECTED_LENSES,
  type InspectCheck,
  type InspectedLayer,
  type InspectResult,
  type LensAvailability,
} from '../../../shared/lenses/inspect.ts'
import {hasQueriesAndKeys} from '../captures/layer-routes.ts'
import type {ModelFiles} from '../model-folder/read-model-files.ts'
import {isDecoder} from '../model-folder/read-model-files.ts'
import type {ValueNormKind} from '../onnx/capture-plan.ts'
import type {AttentionLayer, AttentionSite, ModelStructure} from '../onnx/structure.ts'

/** Operators that hand out something of their attention by themselves. */
const HANDS_OUT = new Set<AttentionSite['operator']>([
  'ai.onnx.Attention',
  'com.microsoft.GroupQueryAttention',
  'com.microsoft.MultiHeadAttention',
  'com.microsoft.DecoderMaskedMultiHeadAttention',
])

/** Layers whose nodes a warning names. */
const MOST_NAMED = 64

const NO_TOKENIZER = 'the folder has no tokenizer.json, so no prompt can be read'

/** What value-weighted maps count by, of layers that have values to be had. */
export type NormsByLayer = ReadonlyMap<number, ValueNormKind>

/** The part of an inspection that the graph alone gives. */
export type DescribedStructure = Pick<
  InspectResult,
  'layers' | 'residual' | 'head' | 'kvCache' | 'problems'
>

/** What was found in a graph, in the words of the result. */
export function describeStructure(
  structure: ModelStructure,
  config: ModelFiles['config'],
  isMerged: boolean,
  norms: NormsByLayer
): DescribedStructure {
  const {residual, head, inputs} = structure
  return {
    layers: structure.layers.map((layer) =>
      describeLayer(layer, config, norms.get(layer.layer) ?? null)
    ),
    residual: (residual?.points ?? []).map(({tensor}, layer) => ({layer, tensor})),
    head: head && {norm: head.normed, output: head.logits},
    kvCache:
      inputs.kvCache.length === 0
        ? null
        : {
            isMerged,
            tensors: inputs.kvCache.map(({input, output}) => ({input, output})),
          },
    problems: [...structure.problems],
  }
}

function describeLayer(
  layer: AttentionLayer,
  config: ModelFiles['config'],
  valueNorms: ValueNormKind | null
): InspectedLayer {
  const {source, reason} = sourceOf(layer)
  const node = layer.sites[0]?.node
  return {
    layer: layer.layer,
    attention: {
      source,
      node: node ? [node.opType, node.name].filter(Boolean).join(' ') : null,
      reason,
      valueNorms,
    },
    // Where the graph leaves it to a run the configuration says it.
    queryHeadCount: layer.queryHeadCount ?? config?.queryHeadCount?.value ?? null,
    keyValueHeadCount: layer.keyValueHeadCount ?? config?.keyValueHeadCount?.value ?? null,
  }
}

/**
 * Says that layers are counted by their attention, where the configuration counts more or fewer of them: which
 * node each one is.
 */
export function layerCountWarnings(
  {layers}: ModelStructure,
  config: ModelFiles['config']
): Warning[] {
  const said = config?.layerCount?.value ?? null
  if (said === null || layers.length === 0 || said === layers.length) return []
  const nodes = layers.slice(0, MOST_NAMED).map(({layer, sites}) => {
    const node = sites[0]?.node
    return `layer ${layer} is ${node ? `${node.opType} ${node.name || node.output[0]}` : 'without a site'}`
  })
  const rest = layers.length - nodes.length
  return [
    {
      code: 'layers-by-attention',
      message: `Layers are counted by their attention: ${layers.length} were found, while the configuration says ${said}. Here ${nodes.join(', ')}${rest > 0 ? `, and ${rest} more` : ''}.`,
    },
  ]
}

/** The best route that a layer has, and why it is not a better one. */
function sourceOf(layer: AttentionLayer): {source: AttentionSource; reason: string | null} {
  if (layer.sites.length === 0 || layer.problem) {
    return {source: 'none', reason: layer.problem ? reasonOf(layer.problem) : 'no attention found'}
  }
  if (hasQueriesAndKeys(layer)) return {source: 'queries-keys', reason: null}
  const refused = layer.sites.find(({queryKey}) => 'advice' in queryKey)?.queryKey as Problem
  return {source: weightsSourceOf(layer), reason: reasonOf(refused)}
}

/** Where a layer's weights themselves come from, which must have a site. */
export function weightsSourceOf({sites}: AttentionLayer): AttentionSource {
  const {operator} = sites[0]!
  if (operator === 'softmax') return 'softmax'
  return HANDS_OUT.has(operator) ? 'qk-output' : 'rebuilt'
}

/** Which lenses a model can be shown in, each with what stands in its way. */
export function describeLenses(
  files: ModelFiles,
  structure: ModelStructure,
  runProblems: readonly Problem[]
): LensAvailability[] {
  if (runProblems[0]) return INSPECTED_LENSES.map((lens) => blocked(lens, runProblems[0]!))
  const decoder = isDecoder(files.decoder) ? null : files.decoder
  const captured = structure.layers.filter(({problem, sites}) => !problem && sites.length > 0)
  const missing = structure.layers.filter((layer) => !captured.includes(layer))
  // An encoder reads a prompt as well; what takes pixels or another model's states has none to read.
  const readsText = decoder === null || (files.kind === 'encoder' && files.tokenizerPath !== null)
  const attention = !readsText
    ? blocked('attention', files.kind === 'encoder' ? null : decoder, NO_TOKENIZER)
    : captured.length === 0
      ? blocked('attention', structure.problems[0] ?? missing[0]?.problem ?? null)
      : {
          lens: 'attention' as const,
          available: true,
          reason:
            missing.length === 0
              ? null
              : `not in ${missing.length === 1 ? 'layer' : 'layers'} ${missing.map(({layer}) => layer).join(', ')}`,
        }
  const noStream =
    structure.residual && structure.head
      ? null
      : (structure.problems.find(({code}) => /residual|head|logits|blocks/.test(code)) ?? null)
  const hasStream = structure.residual !== null && structure.head !== null
  return [
    decoder ? blocked('tokens', decoder) : open('tokens'),
    attention,
    hasStream && !decoder
      ? open('logit-lens')
      : blocked('logit-lens', decoder ?? noStream, 'the residual stream or the head was not found'),
    decoder || captured.length === 0
      ? blocked('intervene', decoder ?? missing[0]?.problem ?? null, 'no attention was found')
      : open('intervene'),
  ]
}

/** Checks that a lens rests on. */
const RESTS_ON: Readonly<Partial<Record<LensAvailability['lens'], readonly string[]>>> = {
  attention: ['row-sums', 'recomputed-rows'],
  'logit-lens': ['lens-equal'],
}

/** The same after a verification: what rests on a check that failed is not available. */
export function lensesAfterChecks(
  lenses: readonly LensAvailability[],
  checks: readonly InspectCheck[]
): LensAvailability[] {
  return lenses.map((entry) => {
    const failed = checks.find(
      ({check, passed}) => passed === false && RESTS_ON[entry.lens]?.includes(check)
    )
    if (!failed || !entry.available) return entry
    const {check, value, limit, note} = failed
    // Without a figure the note says what is wrong.
    const why =
      value === null ? note : `${value.toExponential(1)}, at most ${limit?.toExponential(0)}`
    return {...entry, available: false, reason: `the check ${check} did not pass: ${why}`}
  })
}

function open(lens: LensAvailability['lens']): LensAvailability {
  return {lens, available: true, reason: null}
}

function blocked(
  lens: LensAvailability['lens'],
  problem: Problem | null,
  otherwise = 'nothing of it was found in the graph'
): LensAvailability {
  return {lens, available: false, reason: problem ? reasonOf(problem) : otherwise}
}

/** A problem in one line: what is wrong, what was found, and in which node. */
export function reasonOf({message, found, field}: Problem): string {
  if (!found) return message
  return `${message} Found: ${found}${field?.startsWith('node ') ? ` (${field})` : ''}.`
}
