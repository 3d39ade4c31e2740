import {rowsOfResult} from '../../shared/figures/attribution/value-rows.ts'
import {firstTokenText} from '../../shared/figures/attribution/words.ts'
import {formatFixed, formatMany, formatProb, NO_VALUE} from '../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../shared/figures/token-glyphs.ts'
import {
  type AttributeResult,
  type AttributionMethod,
  type AttributionRow,
  type Faithfulness,
  replacesTokens,
} from '../../shared/lenses/attribute.ts'
import {formatTable} from '../../shared/lenses/text-table.ts'

/** What the values of a method are, as its column says it. */
const UNITS: Readonly<Record<AttributionMethod, string>> = {
  reagent: 'nats/step',
  'occlusion-mask': 'p lost',
  'occlusion-delete': 'p lost',
  'occlusion-replace': 'p lost',
  'attention-rollout': 'attention',
  'last-attention': 'attention',
  shapley: 'p gained',
  random: 'random',
}

/** What tokens are called by id: of targets that stand nowhere in the text. */
export type TargetNames = ReadonlyMap<number, string>

/** Ids of targets that the text itself does not name. */
export function unnamedTargets(result: AttributeResult): number[] {
  const ids = rowsOfResult(result).flatMap(({target: {positions, tokenIds, contrastId}}) => [
    ...tokenIds.filter((id, i) => result.tokens[positions[i]!]?.id !== id),
    ...(contrastId === null ? [] : [contrastId]),
  ])
  return [...new Set(ids)]
}

/** The result as tables for a terminal, the highest values first. */
export function attributeText(
  result: AttributeResult,
  noPrompt: boolean,
  names: TargetNames = new Map()
): string {
  const {model, method, settings} = result
  const from = settings.sampler
    ? `, replacements${replacesTokens(method) ? '' : ' of the curves'}: ${settings.sampler}${settings.mlm ? ` (${settings.mlm})` : ''}, seed ${result.request.seed}`
    : ''
  return `${[
    `${model.id}, ${formatMany(result.tokens.length, 'token')}, ${method}${from}`,
    ...rowsOfResult(result).flatMap((row) => rowText(result, row, noPrompt, names)),
  ].join('\n\n')}\n`
}

function rowText(
  result: AttributeResult,
  row: AttributionRow,
  noPrompt: boolean,
  names: TargetNames
): string[] {
  const released = new Map((row.released ?? []).map(({position, value}) => [position, value]))
  const isReleased = released.size > 0
  const sorted = [...row.values].sort((a, b) => b.value - a.value || a.position - b.position)
  const kept = new Set(row.rationale)
  const table = formatTable(
    [
      {title: 'position', align: 'right'},
      ...(noPrompt ? [] : [{title: 'token', align: 'left'} as const]),
      {title: UNITS[result.method], align: 'right'},
      {title: 'low', align: 'right'},
      {title: 'high', align: 'right'},
      ...(isReleased ? [{title: 'released', align: 'right'} as const] : []),
      {title: 'rationale', align: 'left'},
    ],
    sorted.map(({position, value, low, high}) => [
      String(position),
      ...(noPrompt ? [] : [labelAt(result, position)]),
      ...[formatFixed(value, 3), formatFixed(low, 3), formatFixed(high, 3)],
      ...(isReleased ? [formatFixed(released.get(position), 3)] : []),
      kept.has(position) ? '*' : '',
    ])
  )
  return [
    targetLine(result, row, noPrompt, names),
    table,
    ...(result.method === 'reagent' ? [convergenceLine(row)] : []),
    ...[firstTokenText(row) ?? []].flat(),
    ...(row.faithfulness ? [faithfulnessText(row.faithfulness)] : []),
    ...(row.curves
      ? [
          `area under deletion ${formatFixed(row.curves.deletionArea, 3)}, insertion ${formatFixed(row.curves.insertionArea, 3)}`,
        ]
      : []),
  ]
}

function targetLine(
  result: AttributeResult,
  {target}: AttributionRow,
  noPrompt: boolean,
  names: TargetNames
): string {
  const {positions, tokenIds, prob, contrastId, contrastProb} = target
  const labelOf = (id: number, position: number) =>
    (result.tokens[position]?.id === id && labelAt(result, position)) || names.get(id) || `id ${id}`
  const where =
    positions.length === 1
      ? `position ${positions[0]}`
      : `positions ${positions[0]} to ${positions.at(-1)}`
  const name = noPrompt ? '' : ` ${tokenIds.map((id, i) => labelOf(id, positions[i]!)).join('')}`
  if (contrastProb === null) return `target${name} at ${where}, p ${formatProb(prob)}`
  const other = noPrompt || contrastId === null ? '' : ` rather than ${labelOf(contrastId, -1)}`
  return `target${name} at ${where}, p ${formatProb(prob)}${other}, p ${formatProb(contrastProb)}`
}

function convergenceLine({probes, stopReason, redrawnCount, probDrop}: AttributionRow): string {
  const steps = probes.map(({stepCount, converged}) => `${stepCount}${converged ? '' : '+'}`)
  const stoppedCount = probes.filter(({converged}) => converged).length
  return [
    `${stoppedCount} of ${probes.length} probes stopped (${stopReason}), after ${steps.join(' ')} steps`,
    `p lost in the last step ${formatFixed(probDrop, 3)}`,
    `${redrawnCount} redrawn`,
  ].join('; ')
}

function faithfulnessText(all: readonly Faithfulness[]): string {
  return formatTable(
    [
      {title: 'metric', align: 'left'},
      {title: 'form', align: 'left'},
      {title: 'specials', align: 'left'},
      {title: 'value', align: 'right'},
      {title: '±', align: 'right'},
      {title: 'ln / random', align: 'right'},
      {title: 'ln / permuted', align: 'right'},
    ],
    all.map((one) => [
      ...[one.metric, one.form, one.specialsPerturbed ? 'perturbed' : 'kept'],
      ...[formatFixed(one.value, 4), formatFixed(one.standardError, 4)],
      ...[formatFixed(one.logRatioToRandom, 2), formatFixed(one.logRatioToPermuted, 2)],
    ])
  )
}

/** One line a context token and target; without labels where the prompt is left out. */
export function attributeCsv(result: AttributeResult, noPrompt: boolean): string {
  const names = [
    ...['targetPosition', 'position', 'value', 'low', 'high', 'released', 'isRationale'],
    ...(noPrompt ? [] : ['id', 'bytesHex']),
  ]
  const lines = rowsOfResult(result).flatMap((row) => {
    const released = new Map((row.released ?? []).map(({position, value}) => [position, value]))
    const kept = new Set(row.rationale)
    return row.values.map(({position, value, low, high}) => {
      const token = result.tokens[position]
      return [
        ...[row.target.positions[0], position, value, low, high, released.get(position)],
        kept.has(position) ? 1 : 0,
        ...(noPrompt ? [] : [token?.id, token?.bytesHex]),
      ]
        .map((cell) => (cell === null || cell === undefined ? '' : String(cell)))
        .join(',')
    })
  })
  return `${[names.join(','), ...lines].join('\n')}\n`
}

function labelAt({tokens}: AttributeResult, position: number): string {
  const token = tokens[position]
  return token ? plainGlyphs(token) || NO_VALUE : ''
}
