import {z} from 'zod'
import {answerCheckerSchema, criticalRequestSchema} from '../lenses/critical.ts'

const {shape: asked} = criticalRequestSchema

/** How critical tokens are looked for; a model that is null is that of the built-in family. */
export const criticalChoiceSchema = z.object({
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
