import type {CutEdge, Intervention} from '../../../shared/domain/intervention.ts'
import type {Problem, Warning} from '../../../shared/domain/problem.ts'
import {positionIdsOf, visibilityOf} from './intervention-feeds.ts'

/** A text and a model that an intervention is to be made in. */
export interface InterventionSubject {
  readonly tokenCount: number
  readonly isCausal: boolean
  readonly hiddenSize: number
  /** Positions of tokens that the tokenizer added. */
  readonly insertedPositions: readonly number[]
  readonly layers: readonly {
    readonly queryHeadCount: number
    readonly headSize: number
    /** How many keys a query sees, itself included; null where it sees all before it. */
    readonly window: number | null
  }[]
}

export interface InterventionCheck {
  /** Why it cannot be made; empty where it can. */
  readonly problems: readonly Problem[]
  /** How its result is to be read: `removes-sink`, `positions-shift`. */
  readonly warnings: readonly Warning[]
}

/** Whether an intervention fits a text and a model; positions are those before anything is deleted. */
export function checkIntervention(
  intervention: Intervention,
  subject: InterventionSubject
): InterventionCheck {
  const problems = [
    ...missingPositions(intervention, subject),
    ...impossibleEdges(intervention, subject),
    ...missingHeads(intervention, subject),
    ...wrongLengths(intervention, subject),
    ...deletedTwice(intervention, subject),
  ]
  if (problems.length === 0) problems.push(...beyondWindows(intervention, subject))
  // What does not exist cannot be asked what it sees.
  if (problems.length === 0) problems.push(...blindQueries(intervention, subject))
  return {problems, warnings: warningsOf(intervention, subject)}
}

/**
 * The text without the deleted tokens, and the rest of the intervention with its positions in that text. What
 * is said of a deleted token goes with it.
 */
export function deleteTokens<Id extends number>(
  tokenIds: readonly Id[],
  intervention: Intervention
): {tokenIds: Id[]; intervention: Intervention; keptPositions: number[]} {
  const {deleteTokens: deleted = [], maskKeys, cutEdges, embeddingScale, ...rest} = intervention
  const isDeleted = new Set(deleted)
  const keptPositions = tokenIds.map((_, at) => at).filter((at) => !isDeleted.has(at))
  const places = new Map(keptPositions.map((before, after) => [before, after]))
  const placesOf = (positions: readonly number[]) =>
    positions.flatMap((position) => places.get(position) ?? [])
  return {
    tokenIds: keptPositions.map((position) => tokenIds[position]!),
    keptPositions,
    intervention: {
      ...rest,
      ...(maskKeys && {maskKeys: placesOf(maskKeys)}),
      ...(cutEdges && {
        cutEdges: cutEdges.flatMap((edge): CutEdge[] => {
          const query = places.get(edge.query)
          const key = places.get(edge.key)
          return query === undefined || key === undefined ? [] : [{...edge, query, key}]
        }),
      }),
      ...(embeddingScale && {
        embeddingScale: keptPositions.map((position) => embeddingScale[position] ?? 1),
      }),
    },
  }
}

function missingPositions(
  {maskKeys = [], deleteTokens: deleted = [], cutEdges = []}: Intervention,
  {tokenCount}: InterventionSubject
): Problem[] {
  const named = [
    ...maskKeys.map((position) => ['maskKeys', position] as const),
    ...deleted.map((position) => ['deleteTokens', position] as const),
    ...cutEdges.flatMap(({query, key}) => [
      ['cutEdges', query] as const,
      ['cutEdges', key] as const,
    ]),
  ]
  return named
    .filter(([, position]) => position >= tokenCount)
    .map(([field, position]) => ({
      code: 'no-such-position',
      message: 'The text has no token at a position that is to be changed.',
      field,
      found: `position ${position}`,
      expected: `positions from 0 to ${tokenCount - 1}`,
      advice: 'Choose a position of the text; `tokenscope tokens` lists them.',
    }))
}

function impossibleEdges(
  {cutEdges = []}: Intervention,
  {isCausal}: InterventionSubject
): Problem[] {
  if (!isCausal) return []
  return cutEdges
    .filter(({query, key}) => key > query)
    .map(({layer, head, query, key}) => ({
      code: 'no-such-edge',
      message: 'A token of this model does not attend to those after it.',
      field: 'cutEdges',
      found: `L${layer}.${head === 'all' ? '*' : `H${head}`}: ${query} to ${key}`,
      expected: 'a key at or before the query',
      advice: 'Name the query first and then the key.',
    }))
}

function missingHeads(
  {cutEdges = [], headsOff = [], exitAfterLayer}: Intervention,
  {layers}: InterventionSubject
): Problem[] {
  const problem = (field: string, found: string, expected: string): Problem => ({
    code: 'no-such-head',
    message: 'The model has no such layer or head.',
    field,
    found,
    expected,
    advice: 'Choose a layer and a head that the model has; `tokenscope inspect` lists them.',
  })
  const check = (field: string, layer: number, head: number | 'all'): Problem[] => {
    const known = layers[layer]
    if (!known) return [problem(field, `layer ${layer}`, `layers from 0 to ${layers.length - 1}`)]
    if (head === 'all' || head < known.queryHeadCount) return []
    return [problem(field, `L${layer}.H${head}`, `heads from 0 to ${known.queryHeadCount - 1}`)]
  }
  return [
    ...cutEdges.flatMap(({layer, head}) => check('cutEdges', layer, head)),
    ...headsOff.flatMap(({layer, head}) => check('headsOff', layer, head)),
    ...(exitAfterLayer === undefined ? [] : check('exitAfterLayer', exitAfterLayer, 'all')),
  ]
}

function wrongLengths(
  {headsOff = [], embeddingScale, treeMask}: Intervention,
  {tokenCount, hiddenSize, layers}: InterventionSubject
): Problem[] {
  const problems: Problem[] = []
  const requireLength = (field: string, found: number, expected: number, what: string) => {
    if (found === expected) return
    problems.push({
      code: 'wrong-length',
      message: 'A part of an intervention has another length than the text or the model.',
      field,
      found: `${found} ${what}`,
      expected: String(expected),
      advice: 'Give one entry for each of them.',
    })
  }
  for (const {layer, mean} of headsOff) {
    const size = layers[layer]?.headSize
    if (mean && size !== undefined)
      requireLength('headsOff', mean.length, size, 'elements of a mean')
  }
  if (embeddingScale) {
    requireLength('embeddingScale', embeddingScale.length, tokenCount, 'positions')
    for (const entry of embeddingScale) {
      if (typeof entry !== 'number') {
        requireLength('embeddingScale', entry.length, hiddenSize, 'factors of a position')
      }
    }
  }
  if (!treeMask) return problems
  if ('parents' in treeMask) {
    requireLength('treeMask', treeMask.parents.length, tokenCount, 'parents')
    const wrong = treeMask.parents.findIndex((parent, position) => parent >= position)
    if (wrong >= 0) problems.push(notATree(wrong, treeMask.parents[wrong]!))
  } else {
    requireLength('treeMask', treeMask.positionIds.length, tokenCount, 'position ids')
    requireLength('treeMask', treeMask.allowed.length, tokenCount, 'rows')
    for (const row of treeMask.allowed)
      requireLength('treeMask', row.length, tokenCount, 'keys of a row')
  }
  return problems
}

function deletedTwice(
  {deleteTokens: deleted, maskKeys = [], treeMask}: Intervention,
  {tokenCount}: InterventionSubject
): Problem[] {
  if (!deleted?.length) return []
  const isDeleted = new Set(deleted)
  const problem = (field: string, found: string, advice: string): Problem => ({
    code: 'deleted-and-changed',
    message: 'Tokens are deleted that something else is said about.',
    field,
    found,
    expected: 'each token deleted or changed, not both',
    advice,
  })
  const masked = maskKeys.find((position) => isDeleted.has(position))
  if (masked !== undefined) {
    return [problem('maskKeys', `position ${masked}`, 'Mask this token or delete it.')]
  }
  if (treeMask) return [problem('treeMask', 'a tree', 'Take the tokens out of the tree yourself.')]
  if (isDeleted.size < tokenCount) return []
  return [problem('deleteTokens', 'all tokens', 'Leave at least one token.')]
}

/** Queries that are left without any key in some head. */
function blindQueries(
  {maskKeys = [], cutEdges = [], deleteTokens: deleted = [], treeMask}: Intervention,
  {tokenCount, isCausal, layers}: InterventionSubject
): Problem[] {
  const isMasked = new Set(maskKeys)
  const isDeleted = new Set(deleted)
  // Windows count the tokens that are left.
  let count = 0
  const places = Array.from({length: tokenCount}, (_, at) => (isDeleted.has(at) ? count : count++))
  const inTree = treeMask && visibilityOf(treeMask)
  const visibleOf = (layer: number, query: number): number[] => {
    const window = layers[layer]?.window ?? Number.POSITIVE_INFINITY
    const keys = Array.from({length: tokenCount}, (_, key) => key)
    const tree = inTree?.(query)
    return keys.filter(
      (key) =>
        !isDeleted.has(key) &&
        (!isCausal || (key <= query && places[key]! > places[query]! - window)) &&
        (key === query || !isMasked.has(key)) &&
        (tree?.has(key) ?? true)
    )
  }
  const rows = new Map<string, {edge: CutEdge; keys: Set<number>}>()
  for (const edge of cutEdges) {
    const heads =
      edge.head === 'all'
        ? Array.from({length: layers[edge.layer]!.queryHeadCount}, (_, head) => head)
        : [edge.head]
    for (const head of heads) {
      const key = `${edge.layer} ${head} ${edge.query}`
      const row = rows.get(key) ?? {edge: {...edge, head}, keys: new Set()}
      row.keys.add(edge.key)
      rows.set(key, row)
    }
  }
  const blind = [...rows.values()].filter(({edge, keys}) => {
    // Nearly always a token still sees itself, which is quick to tell.
    if (isDeleted.has(edge.query) || (!inTree && !keys.has(edge.query))) return false
    return visibleOf(edge.layer, edge.query).every((key) => keys.has(key))
  })
  const treeBlind = inTree
    ? Array.from({length: tokenCount}, (_, query) => query).filter(
        (query) => visibleOf(-1, query).length === 0
      )
    : []
  return [
    ...blind.map(({edge}) => blindQuery(`L${edge.layer}.H${edge.head}, query ${edge.query}`)),
    ...treeBlind.map((query) => blindQuery(`query ${query} of the tree`)),
  ]
}

/**
 * A window counts tokens as they lie, and of a tree siblings lie between a token and its ancestors: an
 * ancestor that is near by depth may be out of reach.
 */
function beyondWindows(
  {treeMask}: Intervention,
  {layers, tokenCount}: InterventionSubject
): Problem[] {
  const windows = layers.flatMap(({window}) => (window === null ? [] : [window]))
  if (!treeMask || windows.length === 0) return []
  const sees = visibilityOf(treeMask)
  const depths = positionIdsOf(treeMask)
  for (let query = 0; query < tokenCount; query++) {
    for (const key of sees(query)) {
      const isLost = windows.some(
        (window) => query - key >= window && depths[query]! - depths[key]! < window
      )
      if (isLost) return [outOfWindow(query, key, Math.min(...windows))]
    }
  }
  return []
}

function outOfWindow(query: number, key: number, window: number): Problem {
  return {
    code: 'tree-beyond-window',
    message: 'A tree of this width does not fit the windows of the model’s attention.',
    field: 'treeMask',
    found: `position ${key} out of reach of position ${query}, which continues it`,
    expected: `every ancestor within a window of ${window} tokens as they lie`,
    advice: 'Take a narrower tree, or run its paths one by one.',
  }
}

/** Of a query that would be left without any key. */
export function blindQuery(found: string): Problem {
  return {
    code: 'query-without-keys',
    message: 'A query would be left without any key to attend to.',
    found,
    expected: 'at least one key for each query',
    advice: 'Leave one edge, the token’s own for example, or switch the head off.',
  }
}

function notATree(position: number, parent: number): Problem {
  return {
    code: 'not-a-tree',
    message: 'The tree’s tokens do not come after the tokens that they continue.',
    field: 'treeMask',
    found: `position ${position} continues position ${parent}`,
    expected: 'a parent before each position, or −1',
    advice: 'Order the tokens with parents before their children.',
  }
}

function warningsOf(
  {maskKeys = [], deleteTokens: deleted = []}: Intervention,
  {insertedPositions}: InterventionSubject
): Warning[] {
  const holdsSink = (position: number) => position === 0 || insertedPositions.includes(position)
  const warnings: Warning[] = []
  if ([...maskKeys, ...deleted].some(holdsSink)) {
    warnings.push({
      code: 'removes-sink',
      message:
        'This takes away the first or an inserted token, which heads rest their attention on when they look for nothing.',
    })
  }
  if (deleted.length > 0) {
    warnings.push({
      code: 'positions-shift',
      message: 'Deleting tokens also moves those behind them to other positions.',
    })
  }
  return warnings
}
