import {type TokenParts, tokensOfTable, tokenTableOf} from '../domain/token.ts'
import {
  TREE_NUMBER_COLUMNS,
  TREE_REST_COLUMNS,
  TREE_WHOLE_COLUMNS,
  type TreeColumns,
  type TreeNode,
  type TreeRestNode,
  type TreeTokenNode,
  treeOriginSchema,
  treeStatusSchema,
} from './tree-nodes.ts'

const ORIGINS = treeOriginSchema.options
const STATUSES = treeStatusSchema.options
const REST_FLAG = 1
const CUT_FLAG = 2

/** A node without what its token id says of itself: the vocabulary adds bytes and text. */
export type BareTreeNode = Omit<TreeTokenNode, 'bytesHex' | 'text'> | TreeRestNode

const NOTHING: TokenParts = {
  ...{id: 0, bytes: new Uint8Array(0), byteStart: 0, byteEnd: 0},
  ...{isSpecial: false, isInserted: false, spanClass: 'lossless'},
}

/** Nodes as columns; `partOf` says which bytes a token id stands for. */
export function treeColumnsOf(
  nodes: readonly BareTreeNode[],
  partOf: (tokenId: number) => TokenParts
): TreeColumns {
  const numbers = (name: NumberColumn) => Float64Array.from(nodes, (node) => numberOf(node, name))
  const whole = (name: (typeof TREE_WHOLE_COLUMNS)[number]) =>
    Int32Array.from(nodes, (node) => (node.tokenId === null ? 0 : node[name]))
  return {
    ids: Int32Array.from(nodes, ({id}) => id),
    parents: Int32Array.from(nodes, ({parent}) => parent ?? -1),
    tokens: tokenTableOf(nodes.map(({tokenId}) => (tokenId === null ? NOTHING : partOf(tokenId)))),
    flags: Uint8Array.from(nodes, (node) =>
      node.tokenId === null ? REST_FLAG : node.cut ? CUT_FLAG : 0
    ),
    origins: Uint8Array.from(nodes, (node) =>
      node.tokenId === null ? 0 : ORIGINS.indexOf(node.origin)
    ),
    statuses: Uint8Array.from(nodes, (node) =>
      node.tokenId === null ? 0 : STATUSES.indexOf(node.status)
    ),
    ...columnsOf(TREE_WHOLE_COLUMNS, whole),
    ...columnsOf(TREE_NUMBER_COLUMNS, numbers),
    ...columnsOf(TREE_REST_COLUMNS, numbers),
  }
}

type NumberColumn = (typeof TREE_NUMBER_COLUMNS)[number] | (typeof TREE_REST_COLUMNS)[number]

function columnsOf<Name extends string, Column>(
  names: readonly Name[],
  columnOf: (name: Name) => Column
): Record<Name, Column> {
  const columns: Partial<Record<Name, Column>> = {}
  for (const name of names) columns[name] = columnOf(name)
  return columns as Record<Name, Column>
}

/** NaN for what a node does not have. */
function numberOf(node: BareTreeNode, name: NumberColumn): number {
  const value = (node as Partial<Record<NumberColumn, number | null>>)[name]
  return value ?? Number.NaN
}

/** The columns as records. */
export function treeNodesOf(columns: TreeColumns): TreeNode[] {
  const tokens = tokensOfTable(columns.tokens)
  return Array.from(columns.ids, (id, row): TreeNode => {
    const parent = columns.parents[row]! < 0 ? null : columns.parents[row]!
    const flags = columns.flags[row]!
    if ((flags & REST_FLAG) !== 0) return restOf(columns, row, id, parent)
    const token = tokens[row]!
    return {
      ...{id, parent, tokenId: token.id, bytesHex: token.bytesHex, text: token.text},
      ...(fieldsOf(columns, row, TREE_WHOLE_COLUMNS) as Pick<TreeTokenNode, 'step'>),
      ...(fieldsOf(columns, row, TREE_NUMBER_COLUMNS) as Omit<
        TreeTokenNode,
        'id' | 'parent' | 'tokenId' | 'bytesHex' | 'text' | 'step' | 'cut' | 'origin' | 'status'
      >),
      cut: (flags & CUT_FLAG) !== 0,
      origin: ORIGINS[columns.origins[row]!]!,
      status: STATUSES[columns.statuses[row]!]!,
    }
  })
}

function restOf(
  columns: TreeColumns,
  row: number,
  id: number,
  parent: number | null
): TreeRestNode {
  const rest = fieldsOf(columns, row, TREE_REST_COLUMNS) as Omit<
    TreeRestNode,
    'id' | 'parent' | 'tokenId'
  >
  return {id, parent, tokenId: null, ...rest}
}

/** Of one row; what is no number becomes null, since JSON has no other word for it. */
function fieldsOf(
  columns: TreeColumns,
  row: number,
  names: readonly (keyof TreeColumns)[]
): Record<string, number | null> {
  const fields: Record<string, number | null> = {}
  for (const name of names) {
    const value = (columns[name] as Float64Array)[row]!
    fields[name] = Number.isFinite(value) ? value : null
  }
  return fields
}
