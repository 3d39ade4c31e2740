import {ProblemError} from '../../../shared/domain/problem.ts'
import {
  attributeResultOf,
  foldAttributeEvent,
  startAttributeRun,
} from '../../../shared/lenses/assemble-attribute.ts'
import {
  type AttributeEvent,
  type AttributeRequestInput,
  type AttributeResult,
  attributeEventSchema,
  attributeRequestSchema,
  attributeResultSchema,
} from '../../../shared/lenses/attribute.ts'
import {InstrumentedSessions} from '../runtime/instrumented-sessions.ts'
import {type AttributeContext, runAttribute} from './attribute.ts'
import {attentionContext} from './test-attention.ts'

/** What the attribution lens works with, over the folders of `fixtures` and absolute ones. */
export function attributeContext(options?: Parameters<typeof attentionContext>[0]) {
  const context = attentionContext(options)
  const samplerSessions = new InstrumentedSessions({threads: () => 1})
  return {
    ...context,
    samplerSessions,
    async close() {
      await Promise.all([context.close(), samplerSessions.close()])
    },
  }
}

/** The result of a request, and every event that led to it; both checked by their schemas. */
export async function attribute(
  context: AttributeContext,
  input: AttributeRequestInput
): Promise<AttributeResult & {events: AttributeEvent[]}> {
  const request = attributeRequestSchema.parse(input)
  const events: AttributeEvent[] = []
  let run = startAttributeRun(request)
  for await (const event of runAttribute(context, request)) {
    attributeEventSchema.parse(event)
    events.push(event)
    run = foldAttributeEvent(run, event)
  }
  const result = attributeResultSchema.parse(attributeResultOf(run, 'completed'))
  return {...result, events}
}

/** The problem that a request meets; throws whatever else it meets, and where it meets none. */
export async function attributeProblem(context: AttributeContext, input: AttributeRequestInput) {
  try {
    await attribute(context, input)
  } catch (error) {
    if (error instanceof ProblemError) return error.problem
    throw error
  }
  throw new Error('there was no problem')
}
