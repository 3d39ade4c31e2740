import type {CommonFigureOptions, FigureFormat} from '../../../shared/figures/request.ts'
import type {AttentionResult} from '../../../shared/lenses/attention.ts'
import type {AttentionViewPicture} from '../../../shared/lenses/attention-view-pictures.ts'
import {type Shell, shellOfPath} from '../../sharing/shell-text.ts'
import {commandOf, figureFlags} from './attention-command.ts'
import {filterFlags, mapFlags} from './map-flags.ts'

export interface ShownViewFile {
  readonly result: AttentionResult
  readonly picture: AttentionViewPicture
  readonly format: FigureFormat
  readonly options: CommonFigureOptions
}

/** The command that writes the view, for the shell of the engine's machine. */
export function viewCommand(
  {result, picture, format, options}: ShownViewFile,
  shell: Shell = shellOfPath(result.model.path)
): string {
  const flags = [['--view', picture.view], ...viewFlags(picture, result)]
  const path = `attention-${picture.view}.${format}`
  return commandOf(
    result,
    [...flags, ...figureFlags({format, options}, positionOf(picture), path)],
    shell
  )
}

function positionOf(picture: AttentionViewPicture): number | undefined {
  switch (picture.view) {
    case 'lines':
      return picture.row?.query
    case 'two-heads':
      return picture.a.row?.query
    case 'pruning':
    case 'importance':
      return picture.selected ?? undefined
    case 'overview':
      return undefined
  }
}

function viewFlags(picture: AttentionViewPicture, {tokens}: AttentionResult): string[][] {
  switch (picture.view) {
    case 'lines': {
      const {sources, filters, range, window} = picture
      const flags = [...mapFlags(sources.map(({map}) => map)), ...filterFlags(filters)]
      if (window.span < tokens.length) {
        const end = Math.ceil(window.start + window.span)
        flags.push(['--queries', `${Math.floor(window.start)}:${end}`])
      }
      return [...flags, ...rangeFlags(range)]
    }
    case 'overview': {
      const {filters, range, selected} = picture
      const marked = selected ? [['--mark', `${selected.layer}.${selected.head}`]] : []
      return [...marked, ...filterFlags(filters), ...rangeFlags(range)]
    }
    case 'two-heads': {
      const {a, b} = picture
      const {queries, keys, filters, range} = a
      const other = b.map.kind === 'head' ? `${b.map.layer}.${b.map.head}` : ''
      const isAll = ([start, end]: readonly [number, number]) =>
        start === 0 && end === tokens.length
      return [
        ...mapFlags([a.map]),
        ['--other', other],
        ...filterFlags(filters),
        ...(isAll(queries) ? [] : [['--queries', queries.join(':')]]),
        ...(isAll(keys) ? [] : [['--keys', keys.join(':')]]),
        ...rangeFlags({
          maximum: range.isLocked ? range.maximum : null,
          steps: range.steps ?? 'square-root',
        }),
      ]
    }
    case 'pruning': {
      const {keepCount, variant} = picture
      const flags = [['--keep', String(keepCount)]]
      if (variant !== 'position-corrected') flags.push(['--variant', variant])
      return flags
    }
    case 'importance':
      return picture.importances
        .slice(0, 1)
        .flatMap(({method, variant, query}) => [
          ...(method === 'wpr' ? [] : [['--importance', method]]),
          ...(variant === null || variant === 'position-corrected' ? [] : [['--variant', variant]]),
          ...(query === null || query === tokens.length - 1 ? [] : [['--query', String(query)]]),
        ])
  }
}

function rangeFlags({
  maximum,
  steps,
}: {
  readonly maximum: number | null
  readonly steps: string
}): string[][] {
  return [
    ...(maximum === null ? [] : [['--range', String(maximum)]]),
    ...(steps === 'linear' ? [['--steps', steps]] : []),
  ]
}
