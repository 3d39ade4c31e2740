import {correlationOf} from '../../../shared/figures/attribution/bars-layout.ts'
import {rowsOfResult} from '../../../shared/figures/attribution/value-rows.ts'
import {METHOD_NAMES} from '../../../shared/figures/attribution/words.ts'
import type {AttributionRow, Faithfulness} from '../../../shared/lenses/attribute.ts'
import type {ShownAttribution} from '../../store/attribution.ts'
import type {AttributionLooks} from '../../store/attribution-state.ts'
import type {PaneAttribution} from './use-attribution.ts'

type Metric = Faithfulness['metric']

/** One metric of a method: the value with its standard error, and ln of it over chance. */
export interface TrustCell {
  readonly value: number | null
  readonly standardError: number | null
  readonly toRandom: number | null
  readonly toPermuted: number | null
}

export interface TrustRow {
  readonly key: string
  readonly name: string
  readonly isMain: boolean
  readonly cells: Readonly<Record<Metric, TrustCell>>
  /** Spearman's, with the main method. */
  readonly rho: number | null
  readonly deletionArea: number | null
  readonly insertionArea: number | null
  /** Nothing has come of it yet, or it failed. */
  readonly note: string | null
  /** It waits to be asked for: its key, and about how long it takes. */
  readonly offer: {readonly key: string; readonly seconds: number} | null
}

const NO_CELL: TrustCell = {value: null, standardError: null, toRandom: null, toPermuted: null}

/** One metric of a method's row in the chosen form. */
export function trustCell(
  row: Pick<AttributionRow, 'faithfulness'>,
  metric: Metric,
  {form, areSpecialsPerturbed}: Pick<AttributionLooks, 'form' | 'areSpecialsPerturbed'>
): TrustCell {
  const found = row.faithfulness?.find(
    (one) =>
      one.metric === metric && one.form === form && one.specialsPerturbed === areSpecialsPerturbed
  )
  if (!found) return NO_CELL
  const {value, standardError, logRatioToRandom, logRatioToPermuted} = found
  return {value, standardError, toRandom: logRatioToRandom, toPermuted: logRatioToPermuted}
}

/**
 * The main method, its own scores at other positions, then the others. The scores at other positions stand against
 * random as far as the method does, less what it is ahead of them.
 */
export function trustRows(shown: PaneAttribution, looks: AttributionLooks): TrustRow[] {
  const {row, result, beside} = shown
  if (!row || !result) return []
  const cellsOf = (of: Pick<AttributionRow, 'faithfulness'>) => ({
    'soft-ns': trustCell(of, 'soft-ns', looks),
    'soft-nc': trustCell(of, 'soft-nc', looks),
  })
  const own = cellsOf(row)
  const main: TrustRow = {
    ...{key: result.method, name: METHOD_NAMES[result.method], isMain: true, cells: own, rho: 1},
    deletionArea: row.curves?.deletionArea ?? null,
    insertionArea: row.curves?.insertionArea ?? null,
    ...{note: null, offer: null},
  }
  const permuted: TrustRow = {
    ...{key: 'permuted', name: 'Own scores, shuffled', isMain: false, rho: null},
    ...{note: null, offer: null},
    ...{deletionArea: null, insertionArea: null},
    cells: {'soft-ns': permutedCell(own['soft-ns']), 'soft-nc': permutedCell(own['soft-nc'])},
  }
  const others = beside.map((other): TrustRow => {
    const {wish, job, result: ofOther} = other
    const [of] = ofOther ? rowsOfResult(ofOther) : []
    const {method} = wish.request
    return {
      ...{key: method, name: METHOD_NAMES[method], isMain: false},
      cells: of ? cellsOf(of) : {'soft-ns': NO_CELL, 'soft-nc': NO_CELL},
      rho: of && of.values.length > 0 ? correlationOf(row, of) : null,
      deletionArea: of?.curves?.deletionArea ?? null,
      insertionArea: of?.curves?.insertionArea ?? null,
      ...{note: noteOf(job), offer: offerOf(other)},
    }
  })
  return [main, ...others, permuted]
}

function noteOf(job: ShownAttribution['job']): string | null {
  if (!job) return 'waits'
  switch (job.phase.kind) {
    case 'running':
    case 'cancelled':
      return job.phase.kind
    case 'failed':
      return job.phase.problem.message
    default:
      return null
  }
}

function offerOf({wish, job}: ShownAttribution): TrustRow['offer'] {
  return job?.phase.kind === 'offered' ? {key: wish.key, seconds: job.phase.seconds} : null
}

function permutedCell({toRandom, toPermuted}: TrustCell): TrustCell {
  if (toRandom === null || toPermuted === null) return NO_CELL
  return {...NO_CELL, toRandom: toRandom - toPermuted}
}
