import {type Problem, ProblemError} from '../../../shared/domain/problem.ts'
import {operatorOf} from './attributes.ts'
import {DOWNLOAD_ADVICE, MAX_GRAPH_DEPTH} from './model-file.ts'
import type {OnnxGraph, OnnxNode} from './schema.ts'
import type {ModelGraph} from './structure.ts'
import {graphsWithin, subgraphsOf} from './walk-graph.ts'

/**
 * The newest operator set of each domain that onnxruntime 1.30 loads (by trying each: it refuses the
 * next one); null where it takes any. Nodes of other domains need a library that is not here.
 */
const NEWEST_OPSETS: ReadonlyMap<string, number | null> = new Map([
  ['', 26],
  ['ai.onnx.ml', 5],
  ['ai.onnx.training', 1],
  ['ai.onnx.preview', 1],
  ['ai.onnx.preview.training', 1],
  ['com.microsoft', 1],
  ['com.microsoft.nchwc', 1],
  ['com.microsoft.dml', null],
  ['com.ms.internal.nhwc', null],
  ['org.pytorch.aten', 1],
])
const NEWEST_IR_VERSION = 13
/**
 * Before this operator set of ai.onnx onnxruntime has no kernels for additions and divisions (by trying
 * each), so there is no model that it runs.
 */
const OLDEST_RUN_OPSET = 7

/** '' for ai.onnx, which may be written either way. */
export function domainOf(value: {domain?: string}): string {
  return value.domain === 'ai.onnx' ? '' : (value.domain ?? '')
}

/**
 * What keeps a graph that holds together from being run here: an operator set that onnxruntime reads but has
 * no kernels for; operators of domains that it does not know and the model does not define, one problem a domain.
 */
export function checkGraph(graph: ModelGraph): Problem[] {
  return [...oldOpset(graph), ...unknownDomains(graph)]
}

function oldOpset({path, model}: ModelGraph): Problem[] {
  const versions = model.opsetImport
    .filter((opset) => domainOf(opset) === '')
    .map(({version}) => Number(version ?? 0))
  // Of several entries of a domain the last counts.
  const version = versions.at(-1) ?? OLDEST_RUN_OPSET
  if (version >= OLDEST_RUN_OPSET) return []
  return [
    {
      code: 'opset-too-old',
      message: 'onnxruntime reads this operator set, but has no operators of it to run.',
      file: path,
      field: 'operator set of ai.onnx',
      found: String(version),
      expected: `${OLDEST_RUN_OPSET} to ${NEWEST_OPSETS.get('')}`,
      advice:
        'Convert the model (onnx.version_converter.convert_version(model, 17)), or export it again with operator set 17.',
    },
  ]
}

function unknownDomains({path, model}: ModelGraph): Problem[] {
  const functions = new Set(
    (model.functions ?? []).map((one) => `${domainOf(one)}:${one.name ?? ''}`)
  )
  const unknown = new Map<string, OnnxNode[]>()
  for (const graph of graphsWithin(model.graph)) {
    for (const node of graph.node) {
      const domain = domainOf(node)
      if (NEWEST_OPSETS.has(domain) || functions.has(`${domain}:${node.opType}`)) continue
      const nodes = unknown.get(domain)
      if (nodes) nodes.push(node)
      else unknown.set(domain, [node])
    }
  }
  return [...unknown].map(([domain, nodes]) => ({
    code: 'operator-domain-unknown',
    message: `The graph has operators of ${domain}, which onnxruntime does not know.`,
    file: path,
    field: listOf(nodes.map((node) => JSON.stringify(node.name || node.output[0] || ''))),
    found: listOf([...new Set(nodes.map((node) => `${domain}.${node.opType}`))]),
    expected: 'operators of ai.onnx or com.microsoft, or functions that the model defines',
    advice: 'Export the model without custom operators.',
  }))
}

function listOf(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ')
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown
}

/**
 * Throws a Problem on a graph that no runtime can run: an operator set that is absent or too new, graphs
 * nested too deeply, a cycle, a name that is made twice or never. Linear in nodes and names.
 */
export function requireSoundGraph(graph: ModelGraph): void {
  requireKnownVersions(graph)
  checkScope(graph.path, graph.model.graph, [], 0)
}

function requireKnownVersions({path, model}: ModelGraph): void {
  const irVersion = Number(model.irVersion ?? 0)
  if (irVersion > NEWEST_IR_VERSION) {
    throw new ProblemError({
      code: 'onnx-version-unknown',
      message: 'The model is of a newer ONNX than onnxruntime knows.',
      file: path,
      field: 'IR version',
      found: String(irVersion),
      expected: `at most ${NEWEST_IR_VERSION}`,
      advice: 'Export the model with an older version of ONNX.',
    })
  }
  // Exporters write the operator sets after the graph: without them the end is missing.
  if (model.opsetImport.length === 0) {
    throw new ProblemError({
      code: 'model-truncated',
      message: 'The model file is cut short or damaged.',
      file: path,
      found: 'a graph but no operator sets',
      expected: 'the operator sets of the graph',
      advice: DOWNLOAD_ADVICE,
    })
  }
  // onnxruntime looks at every entry, also where a later one of the same domain counts.
  for (const opset of model.opsetImport) {
    const domain = domainOf(opset)
    const version = Number(opset.version ?? 0)
    const newest = NEWEST_OPSETS.get(domain)
    if (newest === undefined) continue
    // Entries of 0 stand in some files for domains that are not used.
    if (version === 0 && domain !== '') continue
    if (version >= 1 && version <= (newest ?? Number.MAX_SAFE_INTEGER)) continue
    throw opsetProblem(path, domain, String(version), newest)
  }
  const hasOnnx = model.opsetImport.some((opset) => domainOf(opset) === '')
  if (!hasOnnx && model.graph.node.some((node) => domainOf(node) === '')) {
    throw opsetProblem(path, '', 'none', NEWEST_OPSETS.get('') ?? null)
  }
}

function opsetProblem(
  path: string,
  domain: string,
  found: string,
  newest: number | null
): ProblemError {
  const name = domain || 'ai.onnx'
  return new ProblemError({
    code: 'opset-unknown',
    message: `The operator set of ${name} is none that onnxruntime knows.`,
    file: path,
    field: `operator set of ${name}`,
    found,
    expected: newest === null ? 'at least 1' : `1 to ${newest}`,
    advice: 'Export the model again with an operator set in that range, such as 17.',
  })
}

/** Checks a graph and those inside it; returns the names that it takes from the graphs around it. */
function checkScope(
  path: string,
  graph: OnnxGraph,
  outer: readonly ReadonlySet<string>[],
  depth: number
): ReadonlySet<string> {
  if (depth > MAX_GRAPH_DEPTH) throw tooDeep(path)
  const producers = producersOf(path, graph)
  const given = new Set(graph.initializer.map(({name}) => name ?? ''))
  for (const {values} of graph.sparseInitializer ?? []) given.add(values?.name ?? '')
  for (const input of graph.input) given.add(input.name)
  const scopes = [...outer, given, new Set(producers.keys())]
  const captured = new Set<string>()

  const use = (name: string, user: string): OnnxNode | null => {
    const producer = producers.get(name)
    if (producer || given.has(name)) return producer ?? null
    if (!outer.some((scope) => scope.has(name))) {
      throw inconsistent(path, 'graph-name-unknown', user, {
        found: `the tensor ${JSON.stringify(name)}, which nothing makes`,
        expected: 'only inputs, initializers and what other nodes make',
      })
    }
    captured.add(name)
    return null
  }

  const waiting = new Map<OnnxNode, number>()
  const users = new Map<OnnxNode, OnnxNode[]>()
  for (const node of graph.node) {
    const names = new Set(node.input)
    for (const subgraph of subgraphsOf(node)) {
      for (const name of checkScope(path, subgraph, scopes, depth + 1)) names.add(name)
    }
    names.delete('')
    let count = 0
    for (const name of names) {
      const producer = use(name, describe(node))
      if (!producer) continue
      count++
      const known = users.get(producer)
      if (known) known.push(node)
      else users.set(producer, [node])
    }
    waiting.set(node, count)
  }
  for (const output of graph.output) use(output.name, 'graph output')
  requireNoCycle(path, waiting, users)
  return captured
}

function producersOf(path: string, graph: OnnxGraph): Map<string, OnnxNode> {
  const made = new Map<string, OnnxNode>()
  const given = new Set<string>()
  const twice = (name: string, field: string) =>
    inconsistent(path, 'graph-name-twice', field, {
      found: `the tensor ${JSON.stringify(name)} made twice`,
      expected: 'every tensor made once',
    })
  for (const {name} of graph.input) {
    if (given.has(name)) throw twice(name, 'graph input')
    given.add(name)
  }
  // Of two initializers of a name the last counts, and before IR 4 each was listed as an input too.
  for (const {name} of graph.initializer) given.add(name ?? '')
  for (const node of graph.node) {
    for (const output of node.output) {
      if (output === '') continue
      if (made.has(output) || given.has(output)) throw twice(output, describe(node))
      made.set(output, node)
    }
  }
  return made
}

/** Kahn's algorithm: whatever never becomes ready is on a cycle or after one. */
function requireNoCycle(
  path: string,
  waiting: Map<OnnxNode, number>,
  users: ReadonlyMap<OnnxNode, readonly OnnxNode[]>
): void {
  const ready = [...waiting].filter(([, count]) => count === 0).map(([node]) => node)
  for (let next = 0; next < ready.length; next++) {
    for (const user of users.get(ready[next] as OnnxNode) ?? []) {
      const left = (waiting.get(user) ?? 0) - 1
      waiting.set(user, left)
      if (left === 0) ready.push(user)
    }
  }
  if (ready.length === waiting.size) return
  const stuck = [...waiting].filter(([, count]) => count > 0).map(([node]) => describe(node))
  throw inconsistent(path, 'graph-cycle', listOf(stuck), {
    found: 'nodes that wait for each other',
    expected: 'a graph without cycles',
  })
}

function describe(node: OnnxNode): string {
  return `node ${JSON.stringify(node.name || node.output[0] || '')} (${operatorOf(node)})`
}

function inconsistent(
  path: string,
  code: string,
  field: string,
  parts: {found: string; expected: string}
): ProblemError {
  return new ProblemError({
    code,
    message: 'The graph does not hold together.',
    file: path,
    field,
    ...parts,
    advice: 'Export the model again.',
  })
}

/** Graphs within graphs deeper than any exporter writes them. */
export function tooDeep(path: string): ProblemError {
  return new ProblemError({
    code: 'graph-too-deep',
    message: 'The graphs of the model are nested too deeply.',
    file: path,
    found: `more than ${MAX_GRAPH_DEPTH} graphs within each other`,
    expected: `at most ${MAX_GRAPH_DEPTH}`,
    advice: 'Export the model again without nested conditions.',
  })
}
