import type {AttentionFilters, AttentionMap} from '../../../shared/lenses/attention-maps.ts'

/** The matrices that are drawn: heads of a layer, or an aggregate. */
export function mapFlags(maps: readonly AttentionMap[]): string[][] {
  const [first] = maps
  const heads = maps.flatMap((map) => (map.kind === 'head' ? [map.head] : []))
  switch (first?.kind) {
    case 'head':
      return [
        ['--layers', String(first.layer)],
        ['--heads', [...heads].sort((a, b) => a - b).join(',')],
      ]
    case 'attention-rollout':
      return [
        ['--layers', String(first.throughLayer)],
        ['--aggregate', 'attention-rollout'],
      ]
    case 'aggregate':
      return [
        ['--layers', [...new Set(first.heads.map(({layer}) => layer))].join(',')],
        ['--aggregate', first.by],
      ]
    case 'difference':
      return [
        ['--layers', String(first.a.layer)],
        ['--heads', String(first.a.head)],
        ['--minus', `${first.b.layer}.${first.b.head}`],
      ]
    case undefined:
      return []
  }
}

/** What is hidden, as far as a command can say it. */
export function filterFlags({mass, threshold, topK, dropSink}: AttentionFilters): string[][] {
  const flags: string[][] = []
  if (mass !== undefined) flags.push(['--mass', String(mass)])
  if (threshold > 0) flags.push(['--threshold', String(threshold)])
  if (topK !== undefined) flags.push(['--top-k', String(topK)])
  if (dropSink) flags.push(['--drop-sink'])
  return flags
}
