import {z} from 'zod'
import {distributionSchema} from './next-tokens.ts'

/** How a tree is drawn: its nodes as tokens with links, or each as tall as its path is probable. */
export const treeViewSchema = z.enum(['tree', 'icicle'])
export type TreeView = z.infer<typeof treeViewSchema>

const nodeIds = z.array(z.number().int().nonnegative()).max(100_000).default([])

/** What of a tree is drawn, by the ids of its nodes. */
export const treePictureSchema = z.object({
  view: treeViewSchema.default('tree'),
  /** Which law probabilities are of; the result's own where it is left out. */
  distribution: distributionSchema.optional(),
  /** Nodes whose children are left out, and nodes that are part of the rest beside them. */
  collapsed: nodeIds,
  pruned: nodeIds,
  pinned: nodeIds,
  selected: z.number().int().nonnegative().nullable().default(null),
  /** Of a draft: the one step that is drawn, from 0. */
  step: z.number().int().nonnegative().default(0),
})
export type TreePicture = z.infer<typeof treePictureSchema>
