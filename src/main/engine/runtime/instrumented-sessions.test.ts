import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, expect, it} from 'vitest'
import {attentionContext} from '../lenses/test-attention.ts'
import {writeModelFolder} from '../lenses/test-family-folder.ts'
import {OneLayer} from '../onnx/test-one-layer.ts'
import {MANY_NODES} from './model-graphs.ts'

const context = attentionContext()
afterAll(() => context.close())

it('lets go of who waits for a session at once, and goes on opening it', async () => {
  const {sessions, graphs} = context
  const model = await graphs.open({model: 'tiny-decoder-kv'})
  const instrument = {model, name: 'plain', overlay: () => null}
  const cancelled = new AbortController()
  let hasStarted = false
  const used = sessions.use(
    instrument,
    async () => {
      hasStarted = true
    },
    {signal: cancelled.signal}
  )
  const reason = new Error('no longer wanted')
  cancelled.abort(reason)
  await expect(used).rejects.toBe(reason)
  // It is still being opened, and what comes next has it in its turn.
  expect(sessions.useCount).toBe(1)
  expect(await sessions.use(instrument, async ({isAlive}) => isAlive)).toBe(true)
  expect([sessions.useCount, hasStarted]).toEqual([0, false])
})

it('warns of a graph with so many nodes that opening it takes long', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'nodes-'))
  try {
    const layer = new OneLayer()
    const bytes = layer.bytes((states) => {
      let tensor = layer.usual(states, (scores) => scores)
      for (let i = 0; i < MANY_NODES; i++) tensor = layer.graph.node('Neg', [tensor])
      return tensor
    })
    const path = await writeModelFolder(join(folder, 'model'), bytes, {})
    const {warnings, structure} = await context.graphs.open({model: path})
    expect(structure.layers).toHaveLength(1)
    expect(warnings).toEqual([
      {code: 'many-nodes', message: expect.stringMatching(/ 20,?\d{3} nodes\..*cancelled\.$/)},
    ])
    const few = await context.graphs.open({model: 'tiny-decoder-kv'})
    expect(few.warnings).toEqual([])
  } finally {
    await rm(folder, {recursive: true})
  }
})
