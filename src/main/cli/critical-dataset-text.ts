import {placeWords} from '../../shared/figures/critical-dataset/layout.ts'
import {formatMany, formatProb, NO_VALUE} from '../../shared/figures/number-format.ts'
import type {
  CriticalDatasetResult,
  CriticalItemSummary,
} from '../../shared/lenses/critical-dataset.ts'
import {formatTable} from '../../shared/lenses/text-table.ts'

const positionOf = ({critical}: CriticalItemSummary, rule: 'released' | 'ours') =>
  critical.find((token) => token.method === 'rollout' && token.rule === rule)?.position
/** Of the token that an estimator puts first. */
const topOf = ({critical}: CriticalItemSummary) =>
  critical.find(({method, rule}) => method === 'contrastive' && rule === 'top')?.position

/** What came of a data set, in a few lines; with `hasItems` a table of its items before them. */
export function datasetText(result: CriticalDatasetResult, hasItems: boolean): string {
  return `${[...(hasItems ? [itemTable(result.items)] : []), summaryText(result)].join('\n\n')}\n`
}

function itemTable(items: readonly CriticalItemSummary[]): string {
  const number = (value: number | undefined) => (value === undefined ? NO_VALUE : String(value))
  return formatTable(
    [
      {title: 'item', align: 'right'},
      {title: 'line', align: 'right'},
      {title: 'response', align: 'left'},
      {title: 'tokens', align: 'right'},
      {title: 'released', align: 'right'},
      {title: 'ours', align: 'right'},
      {title: 'top 1 − s', align: 'right'},
      {title: 'kept', align: 'right'},
      {title: 'forbidden', align: 'right'},
    ],
    items.map((item) => [
      ...[String(item.index), String(item.line), wordsOf(item), number(item.responseTokenCount)],
      ...[number(positionOf(item, 'released')), number(positionOf(item, 'ours'))],
      number(topOf(item)),
      ...(item.passAt1
        ? [formatProb(item.passAt1.kept), formatProb(item.passAt1.forbidden)]
        : ['', '']),
    ])
  )
}

function wordsOf({status, verdict, isRecoverable, problem}: CriticalItemSummary): string {
  if (status === 'failed') return `failed: ${problem?.code ?? ''}`
  if (verdict === 'wrong' && isRecoverable === false) return 'not recoverable'
  return verdict === 'unchecked' ? 'not checked' : (verdict ?? '')
}

function summaryText({summary, items, skippedCount, status}: CriticalDatasetResult): string {
  const {itemCount, failedCount, rightCount, notRecoverableCount} = summary
  const {releasedCount, oursCount, comparedCount, sameTokenCount} = summary
  return [
    `${formatMany(itemCount, 'item')}${status === 'cancelled' ? ' so far' : ''}: ${failedCount} failed, ${rightCount} right, ${notRecoverableCount} not recoverable from the start; ${formatMany(skippedCount, 'line')} skipped`,
    `critical token by the released rule in ${releasedCount}, by ours in ${oursCount}`,
    ...placeWords(items),
    ...(comparedCount > 0
      ? [`both estimators name the same token in ${sameTokenCount} of ${comparedCount}`]
      : []),
  ].join('\n')
}

const NAMES = [
  ...(['index', 'line', 'status', 'problem', 'verdict', 'isRecoverable', 'responseStart'] as const),
  ...(['responseTokenCount', 'released', 'ours', 'topContrastive', 'kept', 'forbidden'] as const),
]

/** One line an item; positions count over prompt and response. */
export function datasetCsv({items}: CriticalDatasetResult): string {
  const lines = items.map((item) => {
    const {index, line, status, problem, verdict, isRecoverable, responseStart} = item
    return [
      ...[index, line, status, problem?.code, verdict, isRecoverable, responseStart],
      ...[item.responseTokenCount, positionOf(item, 'released'), positionOf(item, 'ours')],
      ...[topOf(item), item.passAt1?.kept, item.passAt1?.forbidden],
    ]
      .map((cell) => (cell === undefined ? '' : String(cell)))
      .join(',')
  })
  return `${[NAMES.join(','), ...lines].join('\n')}\n`
}
