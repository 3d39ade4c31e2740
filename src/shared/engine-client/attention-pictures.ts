import type {
  AttentionFilters,
  AttentionMap,
  CapturedText,
  HeadRef,
  Importance,
  ImportanceRequestInput,
} from '../lenses/attention-maps.ts'
import type {MatrixPicture, ReadRow} from '../lenses/attention-picture.ts'
import type {
  LinesPicture,
  OverviewPicture,
  PruningPicture,
  TwoHeadsPicture,
} from '../lenses/attention-view-pictures.ts'
import {changedRows} from '../lenses/changed-rows.ts'
import type {InterveneRequestInput} from '../lenses/intervene.ts'
import {heaviestOf} from '../math/heaviest-of.ts'
import type {EngineClient} from './connect.ts'

/** Whom to ask, about which text; page and command line ask alike, so that their figures are the same bytes. */
export interface PictureSource {
  readonly client: EngineClient
  readonly text: CapturedText
  readonly signal?: AbortSignal | undefined
}

const optionsOf = ({signal}: PictureSource) => (signal ? {signal} : {})

/** Cells a side that a file has at most: more than any printed figure can show. */
export const MOST_CELLS = 1024
/** Larger windows get no dots for what is hidden. */
const MOST_DOTTED = 96
const ROW_KEYS = 8
/** Edges of a file, shared among its matrices. */
const MOST_EDGES = 12_000
const LEAST_EDGES = 2000
const ROW_EDGES = 2000
const CELLS = 96
const CELLS_OF_MANY = 64
const MANY_HEADS = 64
const OUTCOME_ROWS = 8
const TABLE_ROWS = 100

/** Only what changes weights: exact weights are those. */
export const plainFilters = ({dropSink}: AttentionFilters): AttentionFilters => ({
  dropSink,
  threshold: 0,
})

/** What a query reads in a matrix: its heaviest keys, exact, and all others together. */
export async function fetchReadRow(
  source: PictureSource,
  map: AttentionMap,
  filters: AttentionFilters,
  query: number
): Promise<ReadRow> {
  const {weights} = await source.client.attention.line(
    {...source.text, map, filters: plainFilters(filters), of: 'query', position: query},
    optionsOf(source)
  )
  const {entries, rest} = heaviestOf(weights, ROW_KEYS)
  return {
    query,
    keys: entries.map(({position, weight}) => ({key: position, weight})),
    restWeight: rest,
  }
}

export interface MatrixWish {
  readonly map: AttentionMap
  readonly filters: AttentionFilters
  readonly queries: [number, number]
  readonly keys: [number, number]
  /** Something is hidden by the filters. */
  readonly isFiltered: boolean
}

/** The cells of a window of a matrix, and what is hidden of it where cells are large enough for a mark. */
export async function fetchCells(
  source: PictureSource,
  {map, filters, queries, keys, isFiltered}: MatrixWish
): Promise<Pick<MatrixPicture, 'map' | 'filters' | 'queries' | 'keys' | 'tile' | 'unfiltered'>> {
  const window = {
    ...{...source.text, map, queries, keys},
    rowCount: Math.min(MOST_CELLS, queries[1] - queries[0]),
    columnCount: Math.min(MOST_CELLS, keys[1] - keys[0]),
  }
  const {tile: ask} = source.client.attention
  const tile = await ask({...window, filters}, optionsOf(source))
  const hasDots = isFiltered && queries[1] - queries[0] <= MOST_DOTTED
  const plain = hasDots
    ? await ask({...window, filters: plainFilters(filters)}, optionsOf(source))
    : null
  return {
    ...{map, filters, queries, keys, tile},
    ...(plain ? {unfiltered: plain.values as Float32Array<ArrayBuffer>} : {}),
  }
}

export interface LinesWish {
  readonly maps: readonly AttentionMap[]
  readonly filters: AttentionFilters
  readonly window: LinesPicture['window']
  readonly range: LinesPicture['range']
  readonly query: number | null
  readonly pairs: LinesPicture['pairs']
}

/** The heaviest edges of each matrix between the tokens of a window, with all of the marked token's. */
export async function fetchLines(
  source: PictureSource,
  {maps, filters, window, range, query, pairs}: LinesWish
): Promise<LinesPicture> {
  const count = source.text.ids.length
  const queries: [number, number] = [
    Math.max(0, Math.floor(window.start)),
    Math.min(count, Math.ceil(window.start + window.span)),
  ]
  const maxEdgeCount = Math.max(LEAST_EDGES, Math.floor(MOST_EDGES / maps.length))
  const sources: LinesPicture['sources'] = []
  for (const map of maps) {
    const wish = {...source.text, map, filters}
    const edges = await source.client.attention.edges(
      {...wish, queries, maxEdgeCount},
      optionsOf(source)
    )
    sources.push({map, edges})
    const isCut = edges.omittedCount > 0 && query !== null
    if (!isCut || query < queries[0] || query >= queries[1]) continue
    const own = await source.client.attention.edges(
      {...wish, queries: [query, query + 1], maxEdgeCount: ROW_EDGES},
      optionsOf(source)
    )
    sources[sources.length - 1] = {map, edges: withRow(edges, own, query)}
  }
  const row = query === null ? null : await fetchReadRow(source, maps[0]!, filters, query)
  return {view: 'lines', sources, filters, window, range, row, pairs: [...pairs]}
}

type Edges = LinesPicture['sources'][number]['edges']

/** Edges with one query's own in place of those that are there of it. */
function withRow(edges: Edges, own: Edges, query: number): Edges {
  const others = [...edges.query.keys()].filter((at) => edges.query[at] !== query)
  const replaced = edges.query.length - others.length
  const pick = <Kind extends Int32Array | Float32Array>(
    from: Kind,
    more: Kind,
    make: (all: number[]) => Kind
  ) => make([...others.map((at) => from[at]!), ...more])
  const added = own.query.length - replaced
  let addedWeight = 0
  for (const weight of own.weight) addedWeight += Math.abs(weight)
  for (const [at, from] of edges.query.entries()) {
    if (from === query) addedWeight -= Math.abs(edges.weight[at]!)
  }
  return {
    query: pick(edges.query, own.query, (all) => Int32Array.from(all)),
    key: pick(edges.key, own.key, (all) => Int32Array.from(all)),
    weight: pick(edges.weight, own.weight, (all) => Float32Array.from(all)),
    summary: edges.summary,
    omittedCount: Math.max(0, edges.omittedCount - added),
    omittedWeight: Math.max(0, edges.omittedWeight - addedWeight),
  }
}

export interface OverviewWish {
  readonly layers: readonly {readonly layer: number; readonly queryHeadCount: number}[]
  readonly filters: AttentionFilters
  readonly range: OverviewPicture['range']
  readonly selected: HeadRef | null
  readonly names: OverviewPicture['names']
  readonly labels: OverviewPicture['labels']
  readonly pins: OverviewPicture['pins']
  readonly pairs: OverviewPicture['pairs']
}

/** Every head in small. */
export async function fetchOverview(
  source: PictureSource,
  {layers, filters, range, ...looks}: OverviewWish
): Promise<OverviewPicture> {
  const headCount = layers.reduce((sum, {queryHeadCount}) => sum + queryHeadCount, 0)
  const events = await source.client.attention.thumbnails(
    {
      ...source.text,
      layers: layers.map(({layer}) => layer),
      size: headCount > MANY_HEADS ? CELLS_OF_MANY : CELLS,
      filters,
    },
    optionsOf(source)
  )
  const thumbnails: OverviewPicture['thumbnails'] = []
  for await (const event of events) {
    if (event.kind === 'thumbnails') thumbnails.push(...event.thumbnails)
  }
  thumbnails.sort((a, b) => a.layer - b.layer || a.head - b.head)
  return {view: 'overview', thumbnails, filters, range, ...looks}
}

export interface PruningWish {
  readonly keepCount: number
  readonly variant: PruningPicture['variant']
  /** The text as it is run without tokens: position and table are filled in. */
  readonly request: InterveneRequestInput
  readonly selected: number | null
  readonly pins: PruningPicture['pins']
}

/** A pruning, and the next token without what it drops; `nameOf` writes a row's token. */
export async function fetchPruning(
  source: PictureSource,
  {keepCount, variant, request, selected, pins}: PruningWish,
  nameOf: (row: ReturnType<typeof changedRows>['rows'][number]) => PruningRow
): Promise<PruningPicture> {
  const events = await source.client.attention.prune(
    {...source.text, keepCount, variant},
    optionsOf(source)
  )
  let pruned: Pick<PruningPicture, 'kept' | 'droppedByImportance' | 'droppedBySimilarity'> | null =
    null
  for await (const event of events) if (event.kind === 'pruned') pruned = event
  if (!pruned) throw new Error('no pruning came')
  const {kept, droppedByImportance, droppedBySimilarity} = pruned
  const deleteTokens = [...droppedByImportance, ...droppedBySimilarity].sort((a, b) => a - b)
  const runs = await source.client.interventions.run(
    {...request, deleteTokens, position: source.text.ids.length - 1, topK: TABLE_ROWS},
    optionsOf(source)
  )
  let outcome: PruningPicture['outcome'] = null
  for await (const event of runs) {
    if (event.kind !== 'completed') continue
    const {rows, ...others} = changedRows(event.result, OUTCOME_ROWS)
    const {klBits, totalVariation} = event.result.divergence
    outcome = {rows: rows.map(nameOf), ...others, klBits, totalVariation}
  }
  return {
    ...{view: 'pruning', keepCount, variant, outcome, selected, pins: [...pins]},
    kept: Int32Array.from(kept),
    droppedByImportance: Int32Array.from(droppedByImportance),
    droppedBySimilarity: Int32Array.from(droppedBySimilarity),
  }
}
type PruningRow = NonNullable<PruningPicture['outcome']>['rows'][number]

/** Importances of a text, in the order in which they are asked for. */
export async function fetchImportances(
  source: PictureSource,
  forms: readonly Pick<ImportanceRequestInput, 'method' | 'variant' | 'query'>[]
): Promise<Importance[]> {
  const importances: Importance[] = []
  for (const form of forms) {
    const events = await source.client.attention.importance(
      {...source.text, ...form},
      optionsOf(source)
    )
    for await (const event of events) {
      if (event.kind === 'importance') importances.push(event.importance)
    }
  }
  return importances
}

export interface TwoHeadsWish {
  readonly a: HeadRef
  readonly b: HeadRef
  readonly filters: AttentionFilters
  readonly queries: [number, number]
  readonly keys: [number, number]
  /** End of the range of colours where it is locked. */
  readonly maximum: number | null
  readonly steps: NonNullable<MatrixPicture['range']['steps']>
  readonly query: number | null
  readonly pairs: MatrixPicture['pairs']
  /** The range of a matrix's own weights. */
  ownRange(cells: Pick<MatrixPicture, 'queries' | 'tile'>): number
}

/** Two heads in one range of colours, and the second minus the first. */
export async function fetchTwoHeads(
  source: PictureSource,
  wish: TwoHeadsWish
): Promise<TwoHeadsPicture> {
  const {a, b, filters, queries, keys, maximum, steps, query, pairs, ownRange} = wish
  const maps: AttentionMap[] = [
    {kind: 'head', ...a},
    {kind: 'head', ...b},
    {kind: 'difference', a: b, b: a},
  ]
  const all: Omit<MatrixPicture, 'range'>[] = []
  for (const map of maps) {
    const cells = await fetchCells(source, {map, filters, queries, keys, isFiltered: false})
    const row = query === null ? null : await fetchReadRow(source, map, filters, query)
    all.push({view: 'matrix', ...cells, row, cell: null, pairs: [...pairs], probeName: null})
  }
  const [first, second, third] = all as [MatrixPicture, MatrixPicture, MatrixPicture]
  const isLocked = maximum !== null
  const shared = {
    maximum: maximum ?? Math.max(ownRange(first), ownRange(second)),
    ...{isLocked, steps, isShared: true},
  }
  return {
    view: 'two-heads',
    a: {...first, range: shared},
    b: {...second, range: shared},
    difference: {...third, range: {maximum: maximum ?? ownRange(third), isLocked, steps}},
  }
}
