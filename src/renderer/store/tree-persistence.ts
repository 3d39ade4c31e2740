import {z} from 'zod'
import {distributionSchema} from '../../shared/lenses/next-tokens.ts'
import {CONTINUATION_STRATEGIES, DRAFT_STRATEGIES} from '../../shared/lenses/tree.ts'
import {initialTree, type TreeState} from './tree-state.ts'

const whole = z.number().int().nonnegative()
const keys = z.array(z.string().max(100_000)).max(10_000)

/** What of trees a reload keeps: how they are grown, and what was done to them. */
export const treeShape = {
  treeGrowth: z
    .object({
      strategy: z.enum(CONTINUATION_STRATEGIES),
      ...{nodes: whole.min(1), depth: whole.min(1), maxChildren: whole.min(1)},
      ...{beams: whole.min(1), lengthPenalty: z.number(), samples: whole.min(1)},
      ...{jointThreshold: z.number().min(0).max(1), seed: whole},
    })
    .catch(initialTree.treeGrowth),
  treeLaw: z
    .object({
      ...{temperature: z.number().min(0).max(100), topK: whole},
      ...{topP: z.number().gt(0).max(1), minP: z.number().min(0).max(1)},
    })
    .catch(initialTree.treeLaw),
  treeDistribution: distributionSchema.catch(initialTree.treeDistribution),
  draftChoice: z
    .object({
      ...{strategy: z.enum(DRAFT_STRATEGIES), draft: z.string(), nodes: whole.min(1)},
      branching: z.array(whole.min(1).max(256)).min(1).max(64).readonly(),
      ...{width: whole.min(1), paths: whole.min(1), draftLength: whole.min(1)},
      draftThreshold: z.number().gt(0).max(1),
      ...{maxNewTokens: whole.min(1), temperature: z.number().min(0).max(100), seed: whole},
    })
    .catch(initialTree.draftChoice),
  treeMarks: z
    .record(
      z.string(),
      z.object({
        ...{selected: z.string().nullable(), collapsed: keys, pruned: keys, pinned: keys},
        opened: keys,
      })
    )
    .catch({}),
} satisfies Record<keyof TreeState, z.ZodType>
