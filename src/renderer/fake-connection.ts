import {createFakeClient} from '../shared/engine-client/fake.ts'
import type {WorkbenchDeps} from './store/context.ts'

/** For looking at the page's states while it is being written: `?fake&delay=200&failAfter=16`. */
export function fakeConnection(query: URLSearchParams): WorkbenchDeps['connection'] | null {
  if (!query.has('fake')) return null
  const number = (name: string) => (query.has(name) ? Number(query.get(name)) : undefined)
  return {
    client: createFakeClient({
      delayMs: number('delay'),
      contextLength: number('context'),
      failAfter: number('failAfter'),
      estimateSeconds: number('estimate'),
    }),
    state: 'connected',
    onState: () => () => undefined,
    onRedialFailed: () => () => undefined,
  }
}
