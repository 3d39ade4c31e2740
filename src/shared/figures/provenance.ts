import type {AttentionRequest, AttentionResult} from '../lenses/attention.ts'
import type {TokensRequest, TokensResult} from '../lenses/tokens.ts'
import type {TreeRequest, TreeResult} from '../lenses/tree.ts'
import type {TreePicture} from '../lenses/tree-picture.ts'
import type {ResolvedUnit, UnitChoice} from '../units/unit-choice.ts'
import type {CommonFigureOptions, FigureOptions} from './request.ts'

/** What any figure says of how it was made; written into every file. It never names a path of the machine. */
export interface FigureProvenance {
  readonly schema: string
  readonly figure: string
  /** Null where nothing was run through one. */
  readonly model: {readonly id: string; readonly sha256: string} | null
}

/** How a figure of a tokens result was made. */
export interface TokensProvenance extends FigureProvenance {
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
export function publicRequest<Request extends PromptRequest>(
  request: Request,
  modelId: string,
  noPrompt: boolean
): Partial<Request> {
  const {prompt, messages, completionIds, track, ...rest} = request
  const said = {prompt, messages, completionIds, track}
  const kept = Object.entries(said).filter(([, value]) => !noPrompt && value !== undefined)
  return {...rest, model: modelId, ...Object.fromEntries(kept)} as Partial<Request>
}

/** What of a request says what was typed. */
interface PromptRequest {
  readonly model: string
  readonly prompt?: string | undefined
  readonly messages?: unknown
  readonly completionIds?: unknown
  readonly track?: unknown
}

/** What is written into a file about how its content was made. */
export function provenanceOf(result: TokensResult, options: FigureOptions): TokensProvenance {
  const {noPrompt} = options
  return {
    schema: result.schema,
    figure: 'tokens',
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

/** How a figure of an attention result was made. */
export interface AttentionProvenance extends FigureProvenance {
  readonly model: {readonly id: string; readonly sha256: string}
  readonly request: Partial<AttentionRequest>
  readonly tokenizer: {readonly id: string; readonly sha256: string}
  readonly promptIds?: readonly number[]
  readonly completionIds?: readonly number[]
  readonly promptTokenCount: number
  readonly status: AttentionResult['status']
  readonly versions: AttentionResult['versions']
  /** What is drawn: which heads, filters, window and range of colours. */
  readonly picture: unknown
  readonly options: CommonFigureOptions
}

/** The same of an attention result; `picture` says what is drawn of it, without its numbers. */
export function attentionProvenanceOf(
  result: AttentionResult,
  picture: unknown,
  options: CommonFigureOptions
): AttentionProvenance {
  const {noPrompt} = options
  const idsOf = (tokens: AttentionResult['tokens']) => tokens.map(({id}) => id)
  return {
    schema: result.schema,
    figure: 'attention',
    request: publicRequest(result.request, result.model.id, noPrompt),
    model: {id: result.model.id, sha256: result.model.sha256},
    tokenizer: {id: result.tokenizer.id, sha256: result.tokenizer.sha256},
    ...(noPrompt
      ? {}
      : {
          promptIds: idsOf(result.tokens.slice(0, result.promptTokenCount)),
          completionIds: idsOf(result.tokens.slice(result.promptTokenCount)),
        }),
    promptTokenCount: result.promptTokenCount,
    status: result.status,
    versions: result.versions,
    picture,
    options,
  }
}

/** How a figure of a tree was made. */
export interface TreeProvenance extends FigureProvenance {
  readonly request: Partial<TreeRequest>
  readonly tokenizer: {readonly id: string; readonly sha256: string}
  readonly draft: {
    readonly id: string
    readonly sha256: string
    readonly exitLayer: number | null
  } | null
  readonly promptIds?: readonly number[]
  readonly promptTokenCount: number
  readonly status: TreeResult['status']
  readonly versions: TreeResult['versions']
  readonly picture: TreePicture
  readonly options: CommonFigureOptions
}

/** The same of a tree. */
export function treeProvenanceOf(
  result: TreeResult,
  picture: TreePicture,
  options: CommonFigureOptions
): TreeProvenance {
  const {noPrompt} = options
  const {draft} = result
  return {
    schema: result.schema,
    figure: 'tree',
    request: publicRequest(result.request, result.model.id, noPrompt),
    model: {id: result.model.id, sha256: result.model.sha256},
    tokenizer: {id: result.tokenizer.id, sha256: result.tokenizer.sha256},
    draft: draft && {
      ...{id: draft.model.id, sha256: draft.model.sha256},
      exitLayer: draft.exitLayer,
    },
    ...(noPrompt ? {} : {promptIds: result.tokens.map(({id}) => id)}),
    promptTokenCount: result.promptTokenCount,
    status: result.status,
    versions: result.versions,
    picture,
    options,
  }
}
