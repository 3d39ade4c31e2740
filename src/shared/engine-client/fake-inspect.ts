import {INSPECTED_LENSES, type InspectRequest, type InspectResult} from '../lenses/inspect.ts'
import {FAKE_MODEL, FAKE_PROVENANCE} from './fake-model.ts'

/** What is found in the one model that there is: everything. */
export function fakeInspection(request: InspectRequest): InspectResult {
  const layers = Array.from({length: FAKE_MODEL.layerCount}, (_, layer) => layer)
  const tokenCount = 1024
  const numbersPerToken = 2 * FAKE_MODEL.hiddenSize! * FAKE_MODEL.layerCount
  return {
    schema: 'tokenscope/inspect@1',
    request,
    ...FAKE_PROVENANCE,
    warnings: [],
    status: 'completed',
    file: FAKE_MODEL.file,
    kind: FAKE_MODEL.kind,
    family: FAKE_MODEL.family,
    nodeCount: 400,
    opsets: {'ai.onnx': 17},
    layers: layers.map((layer) => ({
      layer,
      attention: {
        source: 'queries-keys',
        node: `Softmax softmax_${layer}`,
        reason: null,
        valueNorms: 'projected',
      },
      queryHeadCount: FAKE_MODEL.queryHeadCount,
      keyValueHeadCount: FAKE_MODEL.keyValueHeadCount,
    })),
    residual: [...layers, layers.length].map((layer) => ({layer, tensor: `hidden_${layer}`})),
    head: {norm: 'norm', output: 'logits'},
    kvCache: {
      isMerged: false,
      tensors: layers.flatMap((layer) =>
        ['key', 'value'].map((part) => ({
          input: `past_key_values.${layer}.${part}`,
          output: `present.${layer}.${part}`,
        }))
      ),
    },
    lenses: INSPECTED_LENSES.map((lens) => ({lens, available: true, reason: null})),
    estimate: {tokenCount, bytes: 4 * numbersPerToken * tokenCount, seconds: 0.5},
    problems: [],
  }
}
