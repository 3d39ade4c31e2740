import type {ModelKind} from '../../../shared/domain/model.ts'
import type {Problem} from '../../../shared/domain/problem.ts'
import type {ModelConfig} from './config.ts'
import type {GraphFacts} from './model-folder.ts'

/** Families that read a text in both directions unless their configuration says `is_decoder`. */
const ENCODER_FAMILIES = new Set([
  ...['albert', 'bert', 'bigbird', 'camembert', 'convbert', 'deberta', 'deberta-v2', 'distilbert'],
  ...['electra', 'ernie', 'esm', 'eurobert', 'modernbert', 'mobilebert', 'mpnet', 'neobert'],
  ...['nomic_bert', 'roberta', 'roformer', 'squeezebert', 'xlm', 'xlm-roberta'],
])
const VISION_FAMILIES = new Set([
  ...['beit', 'clip', 'clip_vision_model', 'convnext', 'deit', 'detr', 'dinov2', 'dinov3_vit'],
  ...['resnet', 'sam', 'segformer', 'siglip', 'siglip_vision_model', 'swin', 'vit', 'yolos'],
])
const ENCODER_HEADS =
  /For(MaskedLM|PreTraining|SequenceClassification|TokenClassification|QuestionAnswering|MultipleChoice)$/
const DECODER_HEADS = /(ForCausalLM|LMHeadModel|LMHeadCustomModel)$/

/** What a model is, by what its graph takes and gives and by what its configuration says. */
export function detectModelKind(config: ModelConfig | null, graph: GraphFacts): ModelKind {
  const inputs = new Set(graph.inputs.map((input) => input.name))
  const {roles} = graph
  const logits = graph.outputs.find((output) => output.name === roles.logits)
  if (inputs.has('pixel_values')) return 'vision'
  if (
    config?.isEncoderDecoder ||
    inputs.has('encoder_hidden_states') ||
    inputs.has('decoder_input_ids')
  ) {
    return 'encoder-decoder'
  }
  if (roles.inputIds === null) return isFamilyOf(VISION_FAMILIES, config) ? 'vision' : 'unknown'
  if (roles.kvCache.length > 0 || graph.inputs.some((input) => isCacheInput(input.name)))
    return 'decoder'
  const heads = config?.architectures ?? []
  // One row of scores a text, unless the ids have no batch either.
  const ids = graph.inputs.find(({name}) => name === roles.inputIds)
  if (logits?.dimensions.length === 2 && ids?.dimensions.length !== 1) return 'encoder'
  // Exported without its head it is still a decoder, and the missing logits are the problem.
  if (heads.some((head) => DECODER_HEADS.test(head))) return 'decoder'
  if (!logits || heads.some((head) => ENCODER_HEADS.test(head))) return 'encoder'
  return isFamilyOf(ENCODER_FAMILIES, config) && !config?.isDecoder ? 'encoder' : 'decoder'
}

/** What a model is by its configuration alone, for a listing of one whose graph cannot be read. */
export function guessModelKind(config: ModelConfig): ModelKind {
  if (config.isEncoderDecoder) return 'encoder-decoder'
  if (isFamilyOf(VISION_FAMILIES, config)) return 'vision'
  if (config.architectures.some((head) => DECODER_HEADS.test(head))) return 'decoder'
  if (config.architectures.some((head) => ENCODER_HEADS.test(head))) return 'encoder'
  return isFamilyOf(ENCODER_FAMILIES, config) && !config.isDecoder ? 'encoder' : 'unknown'
}

function isFamilyOf(families: ReadonlySet<string>, config: ModelConfig | null): boolean {
  return config !== null && families.has(config.family)
}

function isCacheInput(name: string): boolean {
  return name.startsWith('past_key_values.') || /^past_\d+$/.test(name)
}

/** Why a model that is no decoder cannot be opened, and what it is good for; null for a decoder. */
export function problemOfKind(
  kind: ModelKind,
  family: string,
  modelPath: string,
  graph: GraphFacts
): Problem | null {
  const names = (values: GraphFacts['inputs']) => values.map(({name}) => name).join(', ')
  const found = `${family}: takes ${names(graph.inputs)}; gives ${names(graph.outputs)}`
  const refuse = (code: string, message: string, advice: string): Problem => ({
    code,
    message,
    file: modelPath,
    found,
    expected: 'a decoder that takes token ids and gives logits for every position',
    advice,
  })
  switch (kind) {
    case 'decoder':
      return null
    case 'encoder':
      return refuse(
        'model-is-encoder',
        `This model is an encoder (${family}): it reads a text in both directions and predicts no next token.`,
        'Use it to embed, classify or fill in masked words; open a decoder-only model to explore a prompt.'
      )
    case 'encoder-decoder':
      return refuse(
        'model-is-encoder-decoder',
        `This model is an encoder-decoder (${family}): its decoder needs what a separate encoder made.`,
        'Use it to translate or summarize; open a decoder-only model to explore a prompt.'
      )
    case 'vision':
      return refuse(
        'model-is-vision',
        `This model is a vision model (${family}): it reads pixels, not tokens.`,
        'Use it to classify or embed images; open a decoder-only language model to explore a prompt.'
      )
    case 'unknown':
      return refuse(
        'model-kind-unknown',
        `This model (${family}) takes no token ids.`,
        'Open a decoder-only language model whose graph looks token ids up in a table.'
      )
  }
}
