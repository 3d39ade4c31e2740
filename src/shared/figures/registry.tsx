import type {ReactElement} from 'react'
import {distributionOf} from '../lenses/tree-defaults.ts'
import {UNIT_NAMES} from '../units/unit-words.ts'
import {attentionCsv, attentionJson, pictureChoices} from './attention/attention-data.ts'
import {describeAttention} from './attention/describe.ts'
import {AttentionFigure} from './attention/figure.tsx'
import {
  describeGraph,
  GraphFigure,
  graphChoices,
  graphCsv,
  graphJson,
  layoutGraphFigure,
} from './attention/graph-export.tsx'
import {layoutAttention} from './attention/layout.ts'
import {mapName} from './attention/map-name.ts'
import {viewChoices, viewCsv, viewJson} from './attention/view-data.ts'
import {ViewFigure} from './attention/view-figure.tsx'
import {layoutView} from './attention/view-layout.ts'
import {describeView, viewTitleOf} from './attention/view-words.ts'
import {
  attributionChoices,
  attributionCsv,
  attributionJson,
  attributionProvenanceOf,
  describeAttribution,
} from './attribution/attribution-data.ts'
import {AttributionFigure} from './attribution/figure.tsx'
import {layoutAttribution} from './attribution/layout.ts'
import {METHOD_NAMES} from './attribution/words.ts'
import {
  criticalCsv,
  criticalJson,
  criticalProvenanceOf,
  describeCritical,
} from './critical/critical-data.ts'
import {CriticalFigure} from './critical/figure.tsx'
import {layoutCritical} from './critical/layout.ts'
import {
  datasetFigureCsv,
  datasetJson,
  datasetProvenanceOf,
  describeDataset,
} from './critical-dataset/dataset-data.ts'
import {CriticalDatasetFigure} from './critical-dataset/figure.tsx'
import {layoutCriticalDataset} from './critical-dataset/layout.ts'
import {paletteOf} from './palette.ts'
import {
  attentionProvenanceOf,
  type FigureProvenance,
  provenanceOf,
  treeProvenanceOf,
} from './provenance.ts'
import type {FigureName, FigureRequest, FigureRequestOf} from './request.ts'
import {xmlJson} from './svg-text.ts'
import {describeTokenize, TOKENIZE_TITLE} from './tokenize/describe.ts'
import {TokenizeFigure} from './tokenize/figure.tsx'
import {layoutTokenize} from './tokenize/layout.ts'
import {tokenizeCsv, tokenizeJson, tokenizeProvenanceOf} from './tokenize/tokenize-data.ts'
import {describeFigure} from './tokens/caption.ts'
import {TokensFigure} from './tokens/figure.tsx'
import {layoutTokens} from './tokens/layout.ts'
import {describeLens} from './tokens/lens-caption.ts'
import {tokensCsv, tokensJson} from './tokens/tokens-data.ts'
import {unitTableOf} from './tokens/units.ts'
import {TreeFigure} from './tree/figure.tsx'
import {layoutTreeFigure} from './tree/layout.ts'
import {describeTree} from './tree/tree-caption.ts'
import {treeFigureCsv, treeJson} from './tree/tree-data.ts'

/** A drawn figure, and the code points that no shipped font has. */
export interface DrawnFigure {
  readonly element: ReactElement
  readonly widthPx: number
  readonly heightPx: number
  readonly missing: readonly number[]
}

/** What a figure can do: be drawn, and be given as data. */
export interface FigureKind<Name extends FigureName> {
  /** `drawsUncovered`: characters without a shipped glyph stay text. */
  draw(request: Drawable<Name>, drawsUncovered: boolean): DrawnFigure
  json(request: Drawable<Name>): unknown
  csv(request: Drawable<Name>): string
  provenance(request: Drawable<Name>): FigureProvenance
}

/** A request, whatever it is written as. */
export type Drawable<Name extends FigureName> = Omit<FigureRequestOf<Name>, 'format'>

const tokens: FigureKind<'tokens'> = {
  draw({result, options}, drawsUncovered) {
    const layout = layoutTokens(result, options, drawsUncovered)
    const isLens = options.view === 'logit-lens'
    const units = isLens ? null : unitTableOf(result, options.unit)
    const byUnit = units ? ` by ${UNIT_NAMES[units.kind].one}` : ''
    const element = (
      <TokensFigure
        layout={layout}
        palette={paletteOf(options.theme, options.colors)}
        title={
          options.title ?? `${isLens ? 'Logit lens' : 'Tokens'} of ${result.model.id}${byUnit}`
        }
        description={
          isLens
            ? describeLens(result, options.noPrompt)
            : describeFigure(result, options.noPrompt, units)
        }
        metadata={xmlJson(provenanceOf(result, options))}
      />
    )
    const {widthPx, heightPx, missing} = layout
    return {element, widthPx, heightPx, missing}
  },
  json: ({result, options}) => tokensJson(result, options.noPrompt, options),
  csv: ({result, options}) => tokensCsv(result, options.noPrompt, options),
  provenance: ({result, options}) => provenanceOf(result, options),
}

const attention: FigureKind<'attention'> = {
  draw(request, drawsUncovered) {
    const {result, picture, options} = request
    const layout = layoutAttention(result, picture, options)
    const element = (
      <AttentionFigure
        layout={layout}
        palette={paletteOf(options.theme, options.colors)}
        title={options.title ?? `Attention of ${result.model.id}, ${mapName(picture.map)}`}
        description={describeAttention(result, picture, options.noPrompt)}
        metadata={xmlJson(attention.provenance(request))}
      />
    )
    const {widthPx, heightPx, missing} = layout
    return {element, widthPx, heightPx, missing: drawsUncovered ? [] : missing}
  },
  json: ({result, picture, options}) => attentionJson(result, picture, options.noPrompt),
  csv: ({result, picture, options}) => attentionCsv(result, picture, options.noPrompt),
  provenance: ({result, picture, options}) =>
    attentionProvenanceOf(result, pictureChoices(picture), options),
}

const attentionGraph: FigureKind<'attention-graph'> = {
  draw(request, drawsUncovered) {
    const {result, picture, options} = request
    const layout = layoutGraphFigure(result, picture, options)
    const element = (
      <GraphFigure
        layout={layout}
        palette={paletteOf(options.theme, options.colors)}
        title={options.title ?? `Attention graph of ${result.model.id}`}
        description={describeGraph(result, picture, options.noPrompt)}
        metadata={xmlJson(attentionGraph.provenance(request))}
      />
    )
    const {widthPx, heightPx, missing} = layout
    return {element, widthPx, heightPx, missing: drawsUncovered ? [] : missing}
  },
  json: ({result, picture, options}) => graphJson(result, picture, options.noPrompt),
  csv: ({picture}) => graphCsv(picture),
  provenance: ({result, picture, options}) =>
    attentionProvenanceOf(result, graphChoices(picture), options),
}

const attentionView: FigureKind<'attention-view'> = {
  draw(request, drawsUncovered) {
    const {result, picture, options} = request
    const layout = layoutView(result, picture, options)
    const element = (
      <ViewFigure
        layout={layout}
        palette={paletteOf(options.theme, options.colors)}
        title={options.title ?? viewTitleOf(result, picture)}
        description={describeView(result, picture, options.noPrompt)}
        metadata={xmlJson(attentionView.provenance(request))}
      />
    )
    const {widthPx, heightPx, missing} = layout
    return {element, widthPx, heightPx, missing: drawsUncovered ? [] : missing}
  },
  json: ({result, picture, options}) => viewJson(result, picture, options.noPrompt),
  csv: ({result, picture, options}) => viewCsv(result, picture, options.noPrompt),
  provenance: ({result, picture, options}) =>
    attentionProvenanceOf(result, viewChoices(picture), options),
}

const tree: FigureKind<'tree'> = {
  draw(request, drawsUncovered) {
    const {result, picture, options} = request
    const layout = layoutTreeFigure(result, picture, options)
    const distribution = picture.distribution ?? distributionOf(result.request)
    const {noPrompt} = options
    const element = (
      <TreeFigure
        layout={layout}
        palette={paletteOf(options.theme, options.colors)}
        title={options.title ?? `Tree of ${result.model.id}, ${result.request.strategy}`}
        description={describeTree(result, layout.spans, distribution, {
          step: picture.step,
          noPrompt,
        })}
        metadata={xmlJson(tree.provenance(request))}
      />
    )
    const {widthPx, heightPx, missing} = layout
    return {element, widthPx, heightPx, missing: drawsUncovered ? [] : missing}
  },
  json: ({result, picture, options}) => treeJson(result, picture, options.noPrompt),
  csv: ({result, options}) => treeFigureCsv(result, options.noPrompt),
  provenance: ({result, picture, options}) => treeProvenanceOf(result, picture, options),
}

const attribute: FigureKind<'attribute'> = {
  draw(request, drawsUncovered) {
    const {result, picture, options} = request
    const layout = layoutAttribution(result, picture, options)
    const element = (
      <AttributionFigure
        layout={layout}
        palette={paletteOf(options.theme, options.colors)}
        title={options.title ?? `Attribution of ${result.model.id}, ${METHOD_NAMES[result.method]}`}
        description={describeAttribution(result, picture, options.noPrompt)}
        metadata={xmlJson(attribute.provenance(request))}
      />
    )
    const {widthPx, heightPx, missing} = layout
    return {element, widthPx, heightPx, missing: drawsUncovered ? [] : missing}
  },
  json: ({result, picture, options}) => attributionJson(result, picture, options.noPrompt),
  csv: ({result, picture, options}) => attributionCsv(result, picture, options.noPrompt),
  provenance: ({result, picture, options}) =>
    attributionProvenanceOf(result, attributionChoices(picture, options.noPrompt), options),
}

const critical: FigureKind<'critical'> = {
  draw(request, drawsUncovered) {
    const {result, picture, options} = request
    const layout = layoutCritical(result, picture, options)
    const element = (
      <CriticalFigure
        layout={layout}
        palette={paletteOf(options.theme, options.colors)}
        title={options.title ?? `Critical tokens of ${result.model.id}`}
        description={describeCritical(result, options.noPrompt)}
        metadata={xmlJson(critical.provenance(request))}
      />
    )
    const {widthPx, heightPx, missing} = layout
    return {element, widthPx, heightPx, missing: drawsUncovered ? [] : missing}
  },
  json: ({result, picture, options}) => criticalJson(result, picture, options.noPrompt),
  csv: ({result, options}) => criticalCsv(result, options.noPrompt),
  provenance: ({result, picture, options}) => criticalProvenanceOf(result, picture, options),
}

const criticalDataset: FigureKind<'critical-dataset'> = {
  draw(request, drawsUncovered) {
    const {result, options} = request
    const layout = layoutCriticalDataset(result, options)
    const element = (
      <CriticalDatasetFigure
        layout={layout}
        palette={paletteOf(options.theme, options.colors)}
        title={options.title ?? `Critical tokens of ${result.items.length} items`}
        description={describeDataset(result)}
        metadata={xmlJson(criticalDataset.provenance(request))}
      />
    )
    const {widthPx, heightPx, missing} = layout
    return {element, widthPx, heightPx, missing: drawsUncovered ? [] : missing}
  },
  json: ({result, options}) => datasetJson(result, options.noPrompt),
  csv: ({result}) => datasetFigureCsv(result),
  provenance: ({result, options}) => datasetProvenanceOf(result, options),
}

const tokenize: FigureKind<'tokenize'> = {
  draw({result, options}, drawsUncovered) {
    const layout = layoutTokenize(result, options, drawsUncovered)
    const element = (
      <TokenizeFigure
        layout={layout}
        palette={paletteOf(options.theme, options.colors)}
        title={options.title ?? TOKENIZE_TITLE}
        description={describeTokenize(result, layout)}
        metadata={xmlJson(tokenizeProvenanceOf(result, options))}
      />
    )
    const {widthPx, heightPx, missing} = layout
    return {element, widthPx, heightPx, missing}
  },
  json: ({result, options}) => tokenizeJson(result, options.noPrompt),
  csv: ({result, options}) => tokenizeCsv(result, options.noPrompt),
  provenance: ({result, options}) => tokenizeProvenanceOf(result, options),
}

/** Every figure by its name; a lens adds one line. */
export const FIGURES: {readonly [Name in FigureName]: FigureKind<Name>} = {
  tokens,
  attention,
  'attention-graph': attentionGraph,
  'attention-view': attentionView,
  tree,
  attribute,
  critical,
  'critical-dataset': criticalDataset,
  tokenize,
}

/** What a request's own figure can do, with the request in hand. */
export interface BoundFigure {
  draw(drawsUncovered: boolean): DrawnFigure
  json(): unknown
  csv(): string
  provenance(): FigureProvenance
}

/** The figure that a request asks for. */
export function figureOf(request: FigureRequest): BoundFigure {
  switch (request.figure) {
    case 'tokens':
      return bind(FIGURES.tokens, request)
    case 'attention':
      return bind(FIGURES.attention, request)
    case 'attention-graph':
      return bind(FIGURES['attention-graph'], request)
    case 'attention-view':
      return bind(FIGURES['attention-view'], request)
    case 'tree':
      return bind(FIGURES.tree, request)
    case 'attribute':
      return bind(FIGURES.attribute, request)
    case 'critical':
      return bind(FIGURES.critical, request)
    case 'critical-dataset':
      return bind(FIGURES['critical-dataset'], request)
    case 'tokenize':
      return bind(FIGURES.tokenize, request)
  }
}

function bind<Name extends FigureName>(
  kind: FigureKind<Name>,
  request: Drawable<Name>
): BoundFigure {
  return {
    draw: (drawsUncovered) => kind.draw(request, drawsUncovered),
    json: () => kind.json(request),
    csv: () => kind.csv(request),
    provenance: () => kind.provenance(request),
  }
}
