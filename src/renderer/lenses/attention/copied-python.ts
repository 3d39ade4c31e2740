import type {AttentionMap, HeadRef} from '../../../shared/lenses/attention-maps.ts'

/** What a few lines of Python load. */
export interface CopiedPython {
  readonly model: {readonly id: string; readonly sha256: string}
  /** Writes the archive that they read; its lines go into comments. */
  readonly command: string
  /** The matrices that are shown. */
  readonly maps: readonly AttentionMap[]
  /** The token whose row is printed. */
  readonly query: number
}

/** Layers and heads that the archive has to hold for some matrices. */
export function archiveFlags(maps: readonly AttentionMap[]): string[][] {
  const [first] = maps
  if (first?.kind === 'aggregate') {
    const layers = [...new Set(first.heads.map(({layer}) => layer))]
    return [
      ['--layers', layers.join(',')],
      ['--aggregate', first.by],
    ]
  }
  if (first?.kind === 'attention-rollout') {
    return [
      ['--layers', String(first.throughLayer)],
      ['--aggregate', 'attention-rollout'],
    ]
  }
  const heads = headsOf(maps)
  const listOf = (numbers: readonly number[]) =>
    [...new Set(numbers)].sort((a, b) => a - b).join(',')
  return [
    ['--layers', listOf(heads.map(({layer}) => layer))],
    ['--heads', listOf(heads.map(({head}) => head))],
  ]
}

function headsOf(maps: readonly AttentionMap[]): HeadRef[] {
  return maps.flatMap((map): HeadRef[] =>
    map.kind === 'head'
      ? [{layer: map.layer, head: map.head}]
      : map.kind === 'difference'
        ? [map.a, map.b]
        : []
  )
}

const READ_HEAD = [
  'def head(layer, number):',
  '    """One head as a table: queries down, keys across."""',
  '    matrix = weights[layers.index(layer), heads.index(number)]',
  '    return table(matrix)',
  '',
]

/** A few lines of Python that load what is shown from `attention.npz`, as tables with named axes. */
export function attentionPython({model, command, maps, query}: CopiedPython): string {
  // A folder's name may hold anything; a comment ends with its line.
  const name = model.id.replace(/[^\x20-\x7e]/g, '?')
  const [first] = maps
  const isOfHeads = first?.kind === 'head' || first?.kind === 'difference'
  const lines = [
    `# Attention of ${name} (SHA-256 ${model.sha256.slice(0, 12)}), from attention.npz, which this writes:`,
    ...command
      .trimEnd()
      .split('\n')
      .map((line) => `#   ${line.replace(/[^\x20-\x7e]/gu, '?')}`),
    'import numpy as np',
    'import pandas as pd',
    '',
    'archive = np.load("attention.npz")',
    'weights = archive["weights"]  # axes: layer, head, query, key',
    'layers = archive["layers"].tolist()',
    'heads = archive["heads"].tolist()',
    '',
    'def table(matrix):',
    '    queries, keys = matrix.shape',
    '    return pd.DataFrame(matrix, index=pd.RangeIndex(queries, name="query"),',
    '                        columns=pd.RangeIndex(keys, name="key"))',
    '',
    ...(isOfHeads ? READ_HEAD : []),
    ...maps.map((map, i) => `${variableOf(i)} = ${expressionOf(map)}`),
    '',
    `# What token ${query} reads, the heaviest first.`,
    `print(${variableOf(0)}.loc[${query}].nlargest(8))`,
  ]
  return `${lines.join('\n')}\n`
}

const variableOf = (at: number) => (at === 0 ? 'shown' : `other${at}`)

function expressionOf(map: AttentionMap): string {
  switch (map.kind) {
    case 'head':
      return `head(${map.layer}, ${map.head})`
    case 'difference':
      return `head(${map.a.layer}, ${map.a.head}) - head(${map.b.layer}, ${map.b.head})`
    case 'attention-rollout':
      return 'table(weights[0, 0])'
    case 'aggregate': {
      const how = {mean: 'mean', max: 'max', 'value-weighted': 'sum'} as const
      return `table(weights[:, 0].${how[map.by]}(axis=0))`
    }
  }
}
