import {z} from 'zod'
import {criticalChoiceSchema} from '../../shared/links/link-critical.ts'
import {type CriticalState, initialCritical} from './critical-state.ts'

/** What of the document is critical tokens', as it is kept for a reload. */
export const criticalShape = {
  criticalChoice: criticalChoiceSchema.catch(initialCritical.criticalChoice),
  criticalAnswers: z.record(z.string(), z.string()).catch({}),
} satisfies Record<keyof CriticalState, z.ZodType>
