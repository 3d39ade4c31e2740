import {describe, expect, it} from 'vitest'
import {ProblemError} from '../domain/problem.ts'
import {createFakeClient} from '../engine-client/fake.ts'
import {foldTreeEvent, startTreeRun, treeResultOf} from './assemble-tree.ts'
import {type TreeResult, treeRequestSchema} from './tree.ts'
import {
  checkTreeFileSize,
  importedNodes,
  MAX_TREE_FILE_BYTES,
  readTreeFile,
  tokensOfTree,
} from './tree-file.ts'
import {treeCsv, treeOutline} from './tree-text.ts'

async function fakeTree(): Promise<TreeResult> {
  const request = treeRequestSchema.parse({model: 'micro-base', prompt: 'Tom has'})
  const run = startTreeRun(request)
  for await (const event of await createFakeClient().trees.run(request)) foldTreeEvent(run, event)
  return treeResultOf(run, 'completed')!
}

function problemOf(read: () => unknown) {
  try {
    read()
  } catch (error) {
    if (error instanceof ProblemError) return error.problem
    throw error
  }
  throw new Error('it was read')
}

const logitloom = {
  isLogitLoomTreeVersion: 'logit-loom-tree-v1',
  modelName: 'davinci',
  modelSettings: {kind: 'base', prompt: 'Once', prefill: ' upon'},
  roots: [
    {
      ...{id: 'a', text: ' a', logprob: Math.log(0.5), prob: 0.5, branchFinished: false},
      children: [
        {
          id: 'b',
          text: ' time',
          logprob: Math.log(0.9),
          prob: 0.9,
          branchFinished: true,
          children: [],
        },
      ],
    },
    {
      id: 'c',
      text: ' the',
      logprob: Math.log(0.25),
      prob: 0.25,
      branchFinished: false,
      children: [],
    },
  ],
}

describe('a saved tree', () => {
  it('comes back as it was', async () => {
    const result = await fakeTree()
    const file = readTreeFile(JSON.stringify(result), 'a.json')
    expect(file).toEqual({kind: 'tokenscope', result: JSON.parse(JSON.stringify(result))})
  })

  it('with a circle, a missing parent or a doubled id is no tree', async () => {
    const result = await fakeTree()
    const changed = (change: (nodes: {id: number; parent: number | null}[]) => void) => {
      const copy = structuredClone(result)
      change(copy.nodes)
      return problemOf(() => readTreeFile(JSON.stringify(copy), 'a.json'))
    }
    const child = result.nodes.find(({parent}) => parent === 0)!
    expect(
      changed((nodes) => {
        nodes[0]!.parent = child.id
      })
    ).toMatchObject({
      ...{code: 'not-a-tree', file: 'a.json'},
      found: expect.stringContaining('circle'),
    })
    expect(
      changed((nodes) => {
        nodes[0]!.parent = 9999
      }).found
    ).toContain('9999')
    expect(
      changed((nodes) => {
        nodes[1]!.id = 0
      }).found
    ).toContain('two nodes')
    const rest = result.nodes.find(({tokenId}) => tokenId === null)!
    expect(
      changed((nodes) => {
        nodes.at(-1)!.parent = rest.id
      }).found
    ).toContain('a rest')
  })

  it('with a number that cannot be is refused with its place, what was found and what was expected', async () => {
    const result = await fakeTree()
    const tokens = result.nodes.filter((node) => node.tokenId !== null)
    const child = tokens.find(({parent, depth}) => parent !== null && depth === 2)!
    const rest = result.nodes.find((node) => node.tokenId === null)!
    const changed = (id: number | null, part: Readonly<Record<string, unknown>>) => {
      const nodes = result.nodes.map((node) => (node.id === id ? {...node, ...part} : node))
      const copy = {...result, nodes: id === null ? [] : nodes}
      return problemOf(() => readTreeFile(JSON.stringify(copy), 'a.json'))
    }
    const wrongs: readonly (readonly [number | null, Record<string, unknown>, string])[] = [
      [child.id, {rawLogprob: 0.01}, 'rawLogprob'],
      [child.id, {temperatureLogprob: 2}, 'temperatureLogprob'],
      [child.id, {uniform: 1.5}, 'uniform'],
      [child.id, {depth: 3}, 'depth'],
      [child.id, {pathLogprob: child.pathLogprob! - 1e-4}, 'pathLogprob'],
      [child.id, {text: `${child.text}x`}, 'text'],
      [child.id, {bytesHex: 'zz'}, 'bytesHex'],
      [rest.id, {restProb: 1.1}, 'restProb'],
      [rest.id, {rawRestProb: -0.1}, 'rawRestProb'],
      [null, {}, 'nodes'],
    ]
    for (const [id, part, field] of wrongs) {
      const problem = changed(id, part)
      expect(problem).toMatchObject({code: 'tree-numbers', file: 'a.json'})
      expect(problem.field).toContain(field)
      for (const words of [problem.found, problem.expected, problem.advice]) {
        expect(words).toMatch(/\S/)
      }
    }
    // What rounding alone does is no reason.
    const slack = {rawLogprob: 1e-7, pathLogprob: child.pathLogprob! * (1 + 1e-8)}
    const nodes = result.nodes.map((node) => (node.id === child.id ? {...node, ...slack} : node))
    expect(() => readTreeFile(JSON.stringify({...result, nodes}), 'a.json')).not.toThrow()
    expect(tokensOfTree(result)).toContainEqual({id: child.tokenId, bytesHex: child.bytesHex})
  })

  it('of 100 MB is refused by its size, and what is no tree by its place', () => {
    expect(problemOf(() => checkTreeFileSize(100 * 2 ** 20, 'big.json'))).toMatchObject({
      ...{
        code: 'tree-file-too-large',
        file: 'big.json',
        found: '100 MB',
        expected: 'at most 64 MB',
      },
    })
    expect(() => checkTreeFileSize(MAX_TREE_FILE_BYTES, 'a.json')).not.toThrow()
    expect(problemOf(() => readTreeFile('{', 'a.json')).code).toBe('tree-not-readable')
    expect(problemOf(() => readTreeFile('{"schema":"other"}', 'a.json')).field).toBeDefined()
  })
})

describe('a tree of logitloom', () => {
  it('becomes nodes with paths and rests', () => {
    const file = readTreeFile(JSON.stringify(logitloom), 'a.json')
    if (file.kind !== 'logitloom') throw new Error('another kind')
    expect([file.modelName, file.prompt, file.nodes.length]).toEqual(['davinci', 'Once upon', 3])
    const {nodes, leftOutCount} = importedNodes(file.nodes, [11, 12, -1])
    expect(leftOutCount).toBe(1)
    expect(nodes).toMatchObject([
      {id: 0, parent: null, tokenId: 11, status: 'expanded', origin: 'imported'},
      {id: 1, parent: 0, tokenId: 12, status: 'finished', depth: 2},
      {tokenId: null, parent: null, restProb: 0.5},
      {tokenId: null, parent: 0},
    ])
    const [, second] = nodes
    expect(second!.tokenId === null ? 0 : Math.exp(second!.pathLogprob!)).toBeCloseTo(0.45, 12)
  })

  it('without its texts, or nested as deep as a book, is a Problem or is read', () => {
    const broken = {...logitloom, roots: [{text: 5, logprob: 0}]}
    expect(problemOf(() => readTreeFile(JSON.stringify(broken), 'a.json')).field).toContain('text')
    const depth = 3000
    const chain = `{"text":"a","logprob":-1,"children":[`.repeat(depth) + ']}'.repeat(depth)
    const text = `{"isLogitLoomTreeVersion":"logit-loom-tree-v1","roots":[${chain}]}`
    const file = readTreeFile(text, 'deep.json')
    expect(file.kind === 'logitloom' && file.nodes.length).toBe(depth)
  })
})

describe('a tree as text', () => {
  it('has a line a node, children under their parents, the rest last', async () => {
    const {nodes} = await fakeTree()
    const lines = treeOutline(nodes, false)
    expect(lines).toHaveLength(nodes.length)
    expect(lines[0]).not.toMatch(/^ /)
    expect(lines[1]).toMatch(/^ {2}\S/)
    expect(lines.at(-1)).toMatch(/^… [<.\d]+ +all others$/)
  })

  it('as a table has a row a node, without ids where the prompt is not to be told', async () => {
    const result = await fakeTree()
    const rows = treeCsv(result, false).trimEnd().split('\n')
    expect(rows).toHaveLength(result.nodes.length + 1)
    expect(rows[0]).toContain('tokenId')
    expect(treeCsv(result, true)).not.toContain('tokenId')
  })
})
