import type {TokensRequest, TokensResult} from '../lenses/tokens.ts'
import type {ResolvedUnit, UnitChoice} from '../units/unit-choice.ts'
import type {FigureOptions} from './request.ts'

/** How a figure was made; written into every file. It never names a path of the machine. */
export interface FigureProvenance {
  readonly schema: string
  readonly figure: string
  /** The request with every parameter; its model goes by its id. */
  readonly request: Partial<TokensRequest>
  readonly model: {readonly id: string; readonly sha256: string}
  readonly tokenizer: {readonly id: string; readonly sha256: string}
  /** Absent where the prompt is left out. */
  readonly promptIds?: readonly number[]
  readonly completionIds?: readonly number[]
  readonly promptTokenCount: number
  readonly status: TokensResult['status']
  readonly stopReason: TokensResult['stopReason']
  readonly versions: TokensResult['versions']
  /** How it is drawn: only what is not text of the prompt. */
  readonly options: Partial<Omit<FigureOptions, 'unit'>> & {readonly unit: UnitChoice}
}

/**
 * A unit as a file names it: matches are found again by their expression, which may be words of the
 * prompt, so that without it they are spans.
 */
export function publicUnit(unit: ResolvedUnit, noPrompt: boolean): UnitChoice {
  if (unit.kind !== 'regex') return unit
  const {source, flags, spans} = unit
  return noPrompt ? {kind: 'spans', spans} : {kind: 'regex', source, flags}
}

/** A request that says nothing of this machine and, with `noPrompt`, nothing of the prompt. */
export function publicRequest(
  request: TokensRequest,
  modelId: string,
  noPrompt: boolean
): Partial<TokensRequest> {
  const {prompt, messages, completionIds, track, ...rest} = request
  const named = {...rest, model: modelId}
  if (noPrompt) return named
  return {
    ...named,
    ...(prompt === undefined ? {} : {prompt}),
    ...(messages === undefined ? {} : {messages}),
    ...(completionIds === undefined ? {} : {completionIds}),
    track,
  }
}

/** What is written into a file about how its content was made. */
export function provenanceOf(
  figure: string,
  result: TokensResult,
  options: FigureOptions
): FigureProvenance {
  const {noPrompt} = options
  return {
    schema: result.schema,
    figure,
    request: publicRequest(result.request, result.model.id, noPrompt),
    model: {id: result.model.id, sha256: result.model.sha256},
    tokenizer: {id: result.tokenizer.id, sha256: result.tokenizer.sha256},
    ...(noPrompt
      ? {}
      : {
          promptIds: result.tokens.slice(0, result.promptTokenCount).map((token) => token.id),
          completionIds: result.tokens.slice(result.promptTokenCount).map((token) => token.id),
        }),
    promptTokenCount: result.promptTokenCount,
    status: result.status,
    stopReason: result.stopReason,
    versions: result.versions,
    options: {...options, unit: publicUnit(options.unit, noPrompt)},
  }
}
