import type {CriticalDatasetResult} from '../../lenses/critical-dataset.ts'
import {csvText} from '../csv-text.ts'
import type {FigureProvenance} from '../provenance.ts'
import type {CommonFigureOptions} from '../request.ts'
import {datasetCaption, datasetGuard, placeInResponse} from './layout.ts'

/** What is drawn of a data set, as a file may carry it: without paths and, with `noPrompt`, without words. */
export function datasetJson(result: CriticalDatasetResult, noPrompt: boolean): unknown {
  const {model, ...rest} = result
  return {...rest, ...(model ? {model: named(model)} : {}), request: saidRequest(result, noPrompt)}
}

/** One line an item. */
export function datasetFigureCsv({items}: CriticalDatasetResult): string {
  const columns = [
    ...['index', 'line', 'status', 'verdict', 'isRecoverable', 'releasedPlace', 'oursPlace'],
    ...['kept', 'forbidden'],
  ]
  const cells = items.map((item) => [
    ...[item.index, item.line, item.status, item.verdict ?? '', String(item.isRecoverable ?? '')],
    ...[placeInResponse(item, 'released') ?? '', placeInResponse(item, 'ours') ?? ''],
    ...[item.passAt1?.kept ?? '', item.passAt1?.forbidden ?? ''],
  ])
  return csvText(columns, cells)
}

const named = ({id, sha256}: {readonly id: string; readonly sha256: string}) => ({id, sha256})

function saidRequest(
  {request, model}: CriticalDatasetResult,
  noPrompt: boolean
): CriticalDatasetResult['request'] {
  const {dataset, answer, checker, completionIds, ...rest} = request
  const said = {answer, checker, completionIds}
  const kept = Object.entries(said).filter(([, value]) => !noPrompt && value !== undefined)
  return {...rest, ...(model ? {model: model.id} : {}), ...Object.fromEntries(kept)}
}

/** How a figure of a data set was made. */
export interface CriticalDatasetProvenance extends FigureProvenance {
  readonly request: CriticalDatasetResult['request']
  readonly status: CriticalDatasetResult['status']
  readonly versions?: CriticalDatasetResult['versions']
  readonly options: CommonFigureOptions
}

export function datasetProvenanceOf(
  result: CriticalDatasetResult,
  options: CommonFigureOptions
): CriticalDatasetProvenance {
  const {schema, status, versions, model} = result
  return {
    ...{schema, figure: 'critical-dataset', status, options},
    ...(versions ? {versions} : {}),
    model: model ? named(model) : null,
    request: saidRequest(result, options.noPrompt),
  }
}

/** What the figure shows in words, for readers who do not see it. */
export function describeDataset(result: CriticalDatasetResult): string {
  const caption = datasetCaption(result)
    .map(({text}) => text)
    .join('')
  return `Critical tokens of a data set. ${caption} ${datasetGuard(result)}`
}
