import {tokensOfTable} from '../domain/token.ts'
import type {TokensRun} from './assemble-tokens.ts'
import type {
  AttentionEvent,
  AttentionRequest,
  AttentionResult,
  CapturedLayerFacts,
} from './attention.ts'

type EventOf<Kind extends AttentionEvent['kind']> = Extract<AttentionEvent, {kind: Kind}>

/** What the events of a capture have said so far. */
export interface AttentionRun {
  readonly request: AttentionRequest
  readonly tokenized: EventOf<'tokenized'> | null
  readonly layers: readonly CapturedLayerFacts[]
  readonly completed: EventOf<'completed'> | null
}

export function startAttentionRun(request: AttentionRequest): AttentionRun {
  return {request, tokenized: null, layers: [], completed: null}
}

export function foldAttentionEvent(run: AttentionRun, event: AttentionEvent): AttentionRun {
  switch (event.kind) {
    case 'progress':
      return run
    case 'tokenized':
      return {...run, tokenized: event}
    case 'captured':
      return {...run, layers: [...run.layers, ...event.layers]}
    case 'completed':
      return {...run, completed: event}
  }
}

/** The result so far; null before the text is known. What is not known yet is empty. */
export function attentionResultOf(
  {request, tokenized, layers, completed}: AttentionRun,
  status: AttentionResult['status']
): AttentionResult | null {
  if (!tokenized) return null
  const {text, promptTokenCount, turns, model, tokenizer, versions, warnings, layerCount} =
    tokenized
  const tokens = tokensOfTable(tokenized.tokens)
  const queryHeadCount = commonOf(layers.map((layer) => layer.queryHeadCount))
  const [queryStart, queryEnd] = request.queries ?? [0, tokens.length]
  const matrixCount = request.aggregate ? 1 : (request.heads?.length ?? queryHeadCount ?? 0)
  return {
    schema: 'tokenscope/attention@1',
    request,
    model,
    tokenizer,
    versions,
    warnings,
    status,
    ...(completed ? {timing: completed.timing} : {}),
    text,
    promptTokenCount,
    ...(turns.length > 0 ? {turns} : {}),
    tokens,
    layerCount,
    queryHeadCount,
    keyValueHeadCount: commonOf(layers.map((layer) => layer.keyValueHeadCount)),
    shape: [layers.length, matrixCount, queryEnd - queryStart, tokens.length],
    layers: [...layers].sort((a, b) => a.layer - b.layer),
  }
}

/** The number that all are; null where they differ, and of none. */
function commonOf(numbers: readonly (number | null)[]): number | null {
  const [first = null] = numbers
  return numbers.every((number) => number === first) ? first : null
}

/** The attention result over the tokens of a run, of which these layers are captured; null before it has a model. */
export function attentionOfTokens(
  run: Pick<TokensRun, 'request' | 'provenance' | 'text' | 'tokens' | 'promptTokenCount' | 'turns'>,
  layers: readonly CapturedLayerFacts[]
): AttentionResult | null {
  const {request, provenance, text, promptTokenCount, turns} = run
  const completionIds = run.tokens.slice(promptTokenCount).map(({id}) => id)
  if (!provenance) return null
  const {model, file, prompt, messages, chat, noSpecialTokens, parseSpecial, truncate} = request
  const queryHeadCount = commonOf(layers.map((layer) => layer.queryHeadCount))
  const tokens = run.tokens.map(
    ({position, id, bytesHex, text, byteStart, byteEnd, isSpecial, isInserted, spanClass}) => ({
      ...{position, id, bytesHex, text},
      ...{byteStart, byteEnd, isSpecial, isInserted, spanClass},
    })
  )
  return {
    schema: 'tokenscope/attention@1',
    request: {
      command: 'attention',
      ...{model, file, prompt, messages, chat, noSpecialTokens, parseSpecial, truncate},
      ...(completionIds.length > 0 ? {completionIds} : {}),
      capture: 'qk',
      generate: 0,
    },
    ...provenance,
    warnings: [],
    status: 'completed',
    text,
    promptTokenCount,
    ...(turns.length > 0 ? {turns: [...turns]} : {}),
    tokens,
    layerCount: layers.length,
    queryHeadCount,
    keyValueHeadCount: commonOf(layers.map((layer) => layer.keyValueHeadCount)),
    shape: [layers.length, queryHeadCount ?? 0, tokens.length, tokens.length],
    layers: [...layers],
  }
}
