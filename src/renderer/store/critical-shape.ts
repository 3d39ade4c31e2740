import {z} from 'zod'
import {answerCheckerSchema, criticalRequestSchema} from '../../shared/lenses/critical.ts'
import {type CriticalState, initialCritical} from './critical-state.ts'

const {shape: asked} = criticalRequestSchema

/** What of the document is critical tokens', as it is kept for a reload. */
export const criticalShape = {
  criticalChoice: z
    .object({
      checker: answerCheckerSchema,
      rollouts: asked.rollouts.unwrap(),
      tolerance: asked.tolerance.unwrap(),
      temperature: asked.temperature.unwrap(),
      topP: asked.topP.unwrap(),
      maxNewTokens: asked.maxNewTokens.unwrap(),
      mode: asked.mode.unwrap(),
      positive: z.string().min(1).nullable(),
      negative: z.string().min(1).nullable(),
      beta: asked.beta.unwrap(),
      hasCounterfactual: z.boolean(),
      seed: asked.seed.unwrap(),
    })
    .catch(initialCritical.criticalChoice),
  criticalAnswers: z.record(z.string(), z.string()).catch({}),
} satisfies Record<keyof CriticalState, z.ZodType>
