import type {AttentionResult} from '../../lenses/attention.ts'
import type {GraphPicture} from '../../lenses/attention-graph-picture.ts'
import {csvText} from '../csv-text.ts'
import {formatCount, roundPx} from '../number-format.ts'
import type {Palette} from '../palette.ts'
import {publicRequest} from '../provenance.ts'
import type {CommonFigureOptions} from '../request.ts'
import {xmlText} from '../svg-text.ts'
import {FONT_FAMILIES} from '../text-width.ts'
import {glyphsOfTokens, plainGlyphs} from '../token-glyphs.ts'
import {layoutWords, type WordLine} from '../word-lines.ts'
import {WordLinesFigure} from '../word-lines-figure.tsx'
import {ColumnNames, EdgesFigure, LevelsFigure, TracksFigure} from './graph-figure.tsx'
import {type GraphLayout, graphShareOf, layoutGraph} from './graph-layout.ts'
import {GraphLegend, type GraphLegendLayout, layoutGraphLegend} from './graph-legend.tsx'
import {type GraphTrack, tracksRoom} from './graph-tracks.ts'
import {FORM_WORDS, formOf, graphCaptionOf, shareText} from './graph-words.ts'
import {attentionGuardOf} from './layout.ts'
import {filterWords} from './matrix-legend.ts'

/** The figure of an attention graph as it is exported: plain geometry in CSS pixels. */
export interface GraphFigureLayout {
  readonly widthPx: number
  readonly heightPx: number
  readonly words: readonly WordLine[]
  readonly graph: GraphLayout
  readonly legend: GraphLegendLayout | null
  readonly legendYPx: number
  readonly selected: number | null
  /** Code points that no shipped font has, ascending. */
  readonly missing: readonly number[]
}

const MARGIN_PX = 16
/** Height of a layer; a graph of many layers is closer. */
const LEVEL_PX = 44
const MOST_GRAPH_PX = 480
const NAMES_PX = 110
const LEGEND_GAP_PX = 8

/** The rows of bars of a picture. */
export function tracksOfPicture(
  {importances}: Pick<GraphPicture, 'importances'>,
  tokens: AttentionResult['tokens'],
  noPrompt: boolean
): GraphTrack[] {
  return importances.map((importance, i) => {
    const form = formOf(importance)
    const {query} = importance
    const token = query === null ? undefined : tokens[query]
    const name = noPrompt || !token ? 'token' : plainGlyphs(token) || '∅'
    return {
      id: form,
      title: FORM_WORDS[form].title,
      note: query === null ? FORM_WORDS[form].note : `of ${name} at ${formatCount(query)}`,
      isMain: i === 0,
      importance,
      words: null,
    }
  })
}

export function layoutGraphFigure(
  result: AttentionResult,
  picture: GraphPicture,
  options: CommonFigureOptions
): GraphFigureLayout {
  const {noPrompt, widthPx} = options
  const {tokens} = result
  const {graph, into, window, edgesPerLayer} = picture
  const innerPx = widthPx - 2 * MARGIN_PX
  const words = layoutWords(
    {
      title: options.title,
      caption: options.caption,
      parts: graphCaptionOf(
        {tokens, into, layers: graph.layers, importance: picture.importances[0] ?? null},
        noPrompt
      ),
      guard: attentionGuardOf(result),
    },
    innerPx,
    MARGIN_PX
  )
  const tracks = tracksOfPicture(picture, tokens, noPrompt)
  const graphPx = Math.min(MOST_GRAPH_PX, Math.max(160, LEVEL_PX * graph.layers.length))
  const layout = layoutGraph(
    {tokens, graph, layers: graph.layers, window, edgesPerLayer, tracks, noPrompt},
    {
      xPx: MARGIN_PX,
      yPx: words.endPx,
      widthPx: innerPx,
      heightPx: graphPx + NAMES_PX + tracksRoom(tracks, false),
    }
  )
  const legend =
    options.legend === 'on'
      ? layoutGraphLegend(
          {
            ...{graph, into, tokens, noPrompt, maximum: layout.maximum},
            hasOne: picture.importances[0]?.variant === 'position-corrected',
            notes: [...filterWords(picture.filters), shareText(layout.share)],
          },
          innerPx
        )
      : null
  const legendYPx = layout.endPx + LEGEND_GAP_PX
  return {
    widthPx,
    heightPx: Math.ceil((legend ? legendYPx + legend.heightPx : layout.endPx) + MARGIN_PX),
    words: words.lines,
    graph: layout,
    legend,
    legendYPx,
    selected: into,
    missing: noPrompt ? [] : glyphsOfTokens(tokens).missing,
  }
}

export interface GraphFigureProps {
  readonly layout: GraphFigureLayout
  readonly palette: Palette
  readonly title: string
  readonly description: string
  /** How it was made, as JSON. */
  readonly metadata: string
}

/** An attention graph as one SVG: no hooks, no style rules, presentation attributes only. */
export function GraphFigure({layout, palette, title, description, metadata}: GraphFigureProps) {
  const width = roundPx(layout.widthPx)
  const height = roundPx(layout.heightPx)
  const {graph, legend} = layout
  const part = {layout: graph, palette}
  return (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      fontFamily={FONT_FAMILIES.sans}
    >
      <title>{xmlText(title)}</title>
      <desc>{xmlText(description)}</desc>
      <metadata>{metadata}</metadata>
      <rect width={width} height={height} fill={palette.paper} />
      <WordLinesFigure lines={layout.words} marginPx={MARGIN_PX} palette={palette} />
      <EdgesFigure {...part} />
      <LevelsFigure {...part} leftPx={MARGIN_PX} />
      <ColumnNames {...part} selected={layout.selected} />
      <TracksFigure {...part} leftPx={MARGIN_PX} />
      {legend && (
        <g transform={`translate(${MARGIN_PX} ${roundPx(layout.legendYPx)})`}>
          <GraphLegend layout={legend} palette={palette} />
        </g>
      )}
    </svg>
  )
}

/** What the figure shows in words, for readers who do not see it. */
export function describeGraph(
  result: AttentionResult,
  {graph, into, window, edgesPerLayer, importances}: GraphPicture,
  noPrompt: boolean
): string {
  const caption = graphCaptionOf(
    {tokens: result.tokens, into, layers: graph.layers, importance: importances[0] ?? null},
    noPrompt
  )
    .map(({text}) => text)
    .join('')
  return `Attention graph of ${result.model.id}: tokens across, layers from the input up. ${caption} ${shareText(graphShareOf(graph, window, edgesPerLayer))}. ${attentionGuardOf(result)}`
}

/** The picture without its numbers: what is drawn, not what came of it. */
export function graphChoices({graph, filters, importances, ...choices}: GraphPicture) {
  const {hiddenPositions, groups, ...shown} = filters
  return {
    ...choices,
    layers: graph.layers,
    filters: {
      ...shown,
      ...(hiddenPositions ? {hiddenPositions: [...hiddenPositions]} : {}),
      ...(groups ? {groups: [...groups]} : {}),
    },
    importances: importances.map(({method, variant, query}) => ({method, variant, query})),
  }
}

/** One row an edge of the graph, and what it is: which layer, from which tokens to which. */
function edgeRows({graph}: GraphPicture) {
  const endOf = (column: number) => graph.starts[column + 1] ?? graph.tokenCount
  return Array.from(graph.weight, (weight, e) => ({
    layer: graph.layer[e]!,
    queryStart: graph.starts[graph.query[e]!]!,
    queryEnd: endOf(graph.query[e]!),
    keyStart: graph.starts[graph.key[e]!]!,
    keyEnd: endOf(graph.key[e]!),
    weight,
    edgeCount: graph.count[e]!,
    topQuery: graph.topQuery[e]!,
    topKey: graph.topKey[e]!,
    topAttention: graph.topAttention[e]!,
  }))
}

/** The result with the graph and importances, as a file may carry it; what is NaN is null. */
export function graphJson(
  result: AttentionResult,
  picture: GraphPicture,
  noPrompt: boolean
): Record<string, unknown> {
  const {timing: _, model, request, text, turns, tokens, ...rest} = result
  const {graph, importances} = picture
  return {
    ...rest,
    request: publicRequest(request, model.id, noPrompt),
    model: {id: model.id, sha256: model.sha256},
    ...(noPrompt ? {} : {text, ...(turns ? {turns} : {})}),
    tokens: noPrompt
      ? tokens.map(({position, isSpecial, isInserted}) => ({position, isSpecial, isInserted}))
      : tokens,
    picture: {
      ...graphChoices(picture),
      totals: graph.totals,
      share: graphShareOf(graph, picture.window, picture.edgesPerLayer),
      edges: edgeRows(picture),
      importances: importances.map(({values, ...importance}) => ({
        ...importance,
        values: Array.from(values, (value) => (Number.isFinite(value) ? value : null)),
      })),
    },
  }
}

/** One row an edge, heaviest first within its layer. */
export function graphCsv(picture: GraphPicture): string {
  const rows = edgeRows(picture)
  const names = Object.keys(rows[0] ?? {layer: 0}) as (keyof (typeof rows)[number])[]
  return csvText(
    names,
    rows.map((row) => names.map((name) => row[name]))
  )
}
