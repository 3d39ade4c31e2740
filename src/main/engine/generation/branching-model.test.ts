import {join} from 'node:path'
import {afterAll, describe, expect, it} from 'vitest'
import {temporaryFolder} from '../../../../fixtures/broken.ts'
import {COMBINATIONS} from '../../../../fixtures/families/combinations.ts'
import {createSeededRandom} from '../../../shared/math/seeded-random.ts'
import {scoringJob} from '../lenses/rows.ts'
import {attentionContext} from '../lenses/test-attention.ts'
import {writeFamilyFolder} from '../lenses/test-family-folder.ts'
import {BranchSessions} from '../runtime/branch-sessions.ts'
import {type BranchingOptions, openBranching} from './branching-model.ts'

const context = attentionContext()
const sessions = new BranchSessions({threads: () => 1})
afterAll(async () => {
  await Promise.all([context.close(), sessions.close()])
})

/** The last row of a plain causal run of a text. */
async function plainLogits(model: string, ids: readonly number[]): Promise<number[]> {
  const loaded = await context.models.load({model})
  let row: number[] = []
  await loaded.session.run(scoringJob(Int32Array.from(ids), loaded), {
    onEvent: (event) => {
      if (event.kind === 'row') row = [...event.logits]
    },
  })
  return row
}

async function branching(model: string, prefix: readonly number[], options: BranchingOptions = {}) {
  const graphed = await context.graphs.open({model})
  return openBranching(sessions, graphed, Int32Array.from(prefix), options)
}

function expectClose(found: ArrayLike<number>, expected: readonly number[], tolerance = 1e-4) {
  expect(found.length).toBe(expected.length)
  const worst = expected.reduce((max, value, i) => Math.max(max, Math.abs(value - found[i]!)), 0)
  expect(worst).toBeLessThan(tolerance)
}

const PREFIX = [0, 5, 9, 14, 22, 7]
const PATHS = [[], [3], [3, 8], [3, 11], [4], [4, 3, 8], [4, 3, 9], [12, 12, 12, 12]]
const ASSETS = join(import.meta.dirname, '../../../../assets/models')

describe('branches of a prompt (T4)', () => {
  it.each([
    ['tiny-decoder-kv', 'tree-mask'],
    ['tiny-decoder-kv', 'paths'],
    ['tiny-decoder-plain', 'tree-mask'],
    ['tiny-decoder-plain', 'paths'],
    [join(ASSETS, 'micro-base'), 'tree-mask'],
    [join(ASSETS, 'micro-base'), 'paths'],
  ] as const)(
    '%s by %s: the logits of every node are those of a plain run of its path',
    async (model, method) => {
      const branches = await branching(model, PREFIX, {method})
      expect(branches.method).toBe(method)
      const expected = await Promise.all(
        PATHS.map((path) => plainLogits(model, [...PREFIX, ...path]))
      )
      // In one call, then piece by piece behind what is kept.
      for (const calls of [[PATHS], PATHS.map((path) => [path])]) {
        for (const paths of calls) {
          const rows = await branches.logitsAfter(paths)
          for (const [i, path] of paths.entries()) {
            expectClose(rows[i]!, expected[PATHS.indexOf(path)]!)
          }
        }
      }
    }
  )

  it('computes what texts share once', async () => {
    const branches = await branching('tiny-decoder-kv', PREFIX)
    await branches.logitsAfter([[]])
    const before = branches.counts.rowCount
    await branches.logitsAfter([[3, 8], [3, 11], [4]])
    expect(branches.counts.rowCount - before).toBe(4)
    expect(branches.counts).toMatchObject({callCount: 2, runCount: 2})
  })

  it('after a step goes on from the gathered cache as from a fresh run (T5)', async () => {
    for (const model of ['tiny-decoder-kv', join(ASSETS, 'micro-base')]) {
      const branches = await branching(model, PREFIX)
      await branches.logitsAfter([[], ...PATHS.slice(1)])
      branches.retain([[4, 3]])
      const [row, other] = await branches.logitsAfter([
        [4, 3, 17],
        [4, 3, 17, 6],
      ])
      expectClose(row!, await plainLogits(model, [...PREFIX, 4, 3, 17]))
      expectClose(other!, await plainLogits(model, [...PREFIX, 4, 3, 17, 6]))
    }
  })

  it('lets branches that nobody asks for give way where memory is short', async () => {
    const branches = await branching('tiny-decoder-kv', PREFIX, {maxCacheBytes: 2000})
    for (let round = 0; round < 6; round++) {
      const path = [round + 3, round + 4, round + 5]
      const [row] = await branches.logitsAfter([path])
      expectClose(row!, await plainLogits('tiny-decoder-kv', [...PREFIX, ...path]))
    }
  })

  it('takes more branches than the model has places', async () => {
    const base = join(ASSETS, 'micro-base')
    const random = createSeededRandom(5)
    const paths = Array.from({length: 60}, () =>
      Array.from({length: 40}, () => 10 + Math.floor(random.nextUnit() * 1000))
    )
    const branches = await branching(base, PREFIX)
    expect(branches.method).toBe('tree-mask')
    const rows = await branches.logitsAfter(paths)
    const longer = paths.map((path) => [...path, 12])
    const next = await branches.logitsAfter(longer)
    for (const i of [0, 29, 30, 59]) {
      expectClose(rows[i]!, await plainLogits(base, [...PREFIX, ...paths[i]!]))
      expectClose(next[i]!, await plainLogits(base, [...PREFIX, ...longer[i]!]))
    }
  })

  it('stops between runs, and is not used up by it', async () => {
    const graphed = await context.graphs.open({model: 'tiny-decoder-kv'})
    const controller = new AbortController()
    const branches = openBranching(
      sessions,
      graphed,
      Int32Array.from(PREFIX),
      {},
      controller.signal
    )
    const running = branches.logitsAfter([[1], [2]])
    controller.abort(new Error('enough'))
    await expect(running).rejects.toThrow('enough')
    const again = openBranching(sessions, graphed, Int32Array.from(PREFIX))
    expectClose(
      (await again.logitsAfter([[1]]))[0]!,
      await plainLogits('tiny-decoder-kv', [...PREFIX, 1])
    )
  })
})

describe('families of models', () => {
  it('agree with plain runs, by a tree mask where one can be had', async () => {
    const temporary = await temporaryFolder()
    const ids = [5, 17, 3, 60, 42]
    const methods = new Map<string, string>()
    const wanted = ['llama', 'gpt2', 'neox', 'gemma2', 'bloom', 'mistral']
    for (const family of wanted) {
      const cell = COMBINATIONS.find(
        (one) => one.family === family && one.dtype === 'float32' && one.cache === 'past'
      )
      if (!cell) continue
      const model = await writeFamilyFolder(temporary.path, cell)
      const branches = await branching(model, ids)
      methods.set(family, branches.method)
      const paths = [[], [7], [7, 61], [29, 5, 17]]
      const rows = await branches.logitsAfter(paths)
      for (const [i, path] of paths.entries()) {
        expectClose(rows[i]!, await plainLogits(model, [...ids, ...path]), 2e-4)
      }
    }
    await temporary.remove()
    expect(methods.get('llama')).toBe('tree-mask')
    expect(methods.get('gemma2')).toBe('paths')
    expect(methods.size).toBeGreaterThan(2)
  })
})
