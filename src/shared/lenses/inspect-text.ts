import {formatCount, formatMany} from '../figures/number-format.ts'
import type {InspectCheck, InspectResult} from './inspect.ts'
import {type Column, formatTable} from './text-table.ts'
import {valueNormWords} from './value-norms.ts'

const LEFT = (title: string): Column => ({title, align: 'left'})
const RIGHT = (title: string): Column => ({title, align: 'right'})

/** An inspection as tables for a terminal. */
export function inspectText(result: InspectResult): string {
  return `${[
    headline(result),
    layersTable(result),
    streamLines(result),
    ...(result.warnings.length > 0
      ? [result.warnings.map(({message}) => `warning          ${message}`).join('\n')]
      : []),
    formatTable(
      [LEFT('lens'), LEFT('available'), LEFT('')],
      result.lenses.map(({lens, available, reason}) => [
        lens,
        available ? 'yes' : 'no',
        reason ?? '',
      ])
    ),
    ...(result.checks ? [checksTable(result.checks)] : []),
  ].join('\n\n')}\n`
}

function headline({model, file, kind, family, nodeCount, opsets}: InspectResult): string {
  const sets = Object.entries(opsets).map(([domain, version]) => `${domain} ${version}`)
  return `${model.id}, ${file}: ${kind} (${family}), ${formatMany(nodeCount, 'node')}, ${sets.join(', ')}`
}

function layersTable({layers, problems}: InspectResult): string {
  if (layers.length === 0) {
    return ['No attention was found.', ...problems.map(({message}) => message)].join('\n')
  }
  return formatTable(
    [
      RIGHT('layer'),
      LEFT('attention from'),
      RIGHT('heads'),
      RIGHT('key-value heads'),
      LEFT('node'),
      LEFT(''),
    ],
    layers.map(({layer, attention, queryHeadCount, keyValueHeadCount}) => [
      String(layer),
      attention.source,
      String(queryHeadCount ?? '—'),
      String(keyValueHeadCount ?? '—'),
      attention.node ?? '—',
      attention.reason ?? '',
    ])
  )
}

function streamLines({layers, residual, head, kvCache, estimate, problems}: InspectResult): string {
  const stream =
    residual.length === 0
      ? 'not found'
      : `${formatMany(residual.length, 'point')}, from ${residual[0]!.tensor} to ${residual.at(-1)!.tensor}`
  const cache = kvCache
    ? `${formatMany(kvCache.tensors.length, 'tensor')}${kvCache.isMerged ? ', with a switch for the first run' : ''}`
    : 'none: every run takes the whole sequence'
  const cost =
    estimate.bytes === null
      ? 'known only to a run'
      : estimate.bytes === 0
        ? 'nothing'
        : `${(estimate.bytes / 1e6).toFixed(1)} MB${estimate.seconds === null ? '' : `, ${estimate.seconds.toFixed(1)} s`}`
  return [
    `residual stream  ${stream}`,
    `head             ${head ? `${head.output}${head.norm === null ? '' : `, final norm ${head.norm}`}` : 'not found'}`,
    ...(estimate.bytes === 0 ? [] : [`value norms      ${valueNormWords(layers)}`]),
    `KV cache         ${cache}`,
    `capture          ${cost}${estimate.bytes ? `, for every layer of ${formatCount(estimate.tokenCount)} tokens` : ''}`,
    ...problems.map(
      ({field, message, found, advice}) =>
        `problem          ${field ? `${field}: ` : ''}${message}${found ? ` Found: ${found}.` : ''} ${advice}`
    ),
  ].join('\n')
}

function checksTable(checks: readonly InspectCheck[]): string {
  return formatTable(
    [LEFT('check'), LEFT('passed'), RIGHT('deviation'), RIGHT('limit'), LEFT('')],
    checks.map(({check, passed, value, limit, note}) => [
      check,
      passed === null ? 'n/a' : passed ? 'yes' : 'no',
      value === null ? '—' : value.toExponential(1),
      limit === null ? '—' : limit.toExponential(0),
      note,
    ])
  )
}
