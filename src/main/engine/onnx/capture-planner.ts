import {type Problem, ProblemError} from '../../../shared/domain/problem.ts'
import {addOperand, asFloat32, type CaptureGraph, lengthVector} from './capture-operands.ts'
import type {
  CapturePlan,
  CaptureRequest,
  LayerCapture,
  QueryKeyCapture,
  ResidualCapture,
  SiteCapture,
} from './capture-plan.ts'
import {StepOutputs} from './capture-steps.ts'
import {keyHeadCount} from './find-query-key.ts'
import {GraphEditor} from './graph-editor.ts'
import {factsOf} from './graph-facts.ts'
import {GraphOperations} from './graph-operations.ts'
import {keysBeforeRotary} from './keys-before-rotary.ts'
import type {
  AttentionLayer,
  AttentionSite,
  ModelGraph,
  ModelStructure,
  Operand,
  QueryKeySource,
} from './structure.ts'
import {unfuseGroupQuery} from './unfuse-norms.ts'
import {addValueNorms, type LayerHeads} from './value-norms.ts'
import {addWeights} from './weights-output.ts'

/** Heads of one site; null where only a run tells. */
interface SiteHeads {
  readonly queryHeadCount: number | null
  readonly keyValueHeadCount: number | null
  readonly headSize: number | null
  /** Place of the site in its layer. */
  readonly at: number
}

/** Adds a capture's outputs to a copy of a graph, layer by layer. */
export class CapturePlanner {
  private readonly graph: CaptureGraph
  private readonly steps: StepOutputs
  private readonly problems: Problem[] = []

  constructor(
    private readonly source: ModelGraph,
    private readonly structure: ModelStructure,
    private readonly request: CaptureRequest
  ) {
    const editor = new GraphEditor(source)
    const facts = factsOf(source.model)
    this.graph = {
      ...facts,
      editor,
      operations: new GraphOperations(editor),
      batchInput: structure.inputs.inputIds ?? facts.index.graphInputs[0]?.name ?? '',
    }
    this.steps = new StepOutputs(this.graph)
  }

  plan(): CapturePlan {
    const {graph, request} = this
    this.makeRunnable()
    const before = new Set(this.source.model.graph.output.map(({name}) => name))
    const layers = [...request.layers]
      .sort((a, b) => a - b)
      .flatMap((layer) => this.layerCapture(this.layerOf(layer)))
    const residual = request.wants?.residual ? this.residualCaptures() : []
    return {
      graph: graph.editor,
      route: request.route,
      layers,
      residual,
      outputs: fetchedOutputs(graph.editor, before, layers, residual),
      problems: this.problems,
    }
  }

  private layerOf(layer: number): AttentionLayer {
    const found = this.structure.layers.find((one) => one.layer === layer)
    if (!found) throw new RangeError(`no layer ${layer}`)
    return found
  }

  /** In every layer, captured or not: the graph would not run otherwise. */
  private makeRunnable(): void {
    for (const {sites, headSize} of this.structure.layers) {
      for (const {operator, node} of sites) {
        if (operator === 'com.microsoft.GroupQueryAttention') {
          unfuseGroupQuery(this.graph, node, headSize)
        }
      }
    }
  }

  private layerCapture(layer: AttentionLayer): LayerCapture[] {
    if (layer.problem) this.problems.push(layer.problem)
    const sites: SiteCapture[] = []
    layer.sites.forEach((site, at) => {
      const captured = this.unlessProblem(layer, () => this.siteCapture(layer, site, at))
      if (captured) sites.push(captured)
    })
    // Heads are counted through the sites: with one missing, none could be told apart.
    if (sites.length === 0 || sites.length < layer.sites.length) return []
    const {queryHeadCount, keyValueHeadCount, headSize} = layer
    return [{layer: layer.layer, sites, queryHeadCount, keyValueHeadCount, headSize}]
  }

  /** What cannot be had of one layer leaves the others as they are. */
  private unlessProblem<Result>(
    layer: AttentionLayer,
    make: () => Result | Problem
  ): Result | null {
    try {
      const made = make()
      if (typeof made !== 'object' || made === null || !('advice' in made)) return made as Result
      this.problems.push(inLayer(made, layer))
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error
      this.problems.push(inLayer(error.problem, layer))
    }
    return null
  }

  private siteCapture(
    layer: AttentionLayer,
    site: AttentionSite,
    at: number
  ): SiteCapture | Problem {
    const heads = headsOfSite(layer, at)
    let queryKey: QueryKeyCapture | null = null
    let weights: string | null = null
    let newCount: string | null = null
    if (this.request.route === 'queries-keys') {
      if ('code' in site.queryKey) return site.queryKey
      const made = this.queryKeyCapture(site.queryKey, heads)
      queryKey = made.capture
      newCount = made.newCount
    } else {
      const made = addWeights(this.graph, site, {...heads, headCount: null, newCount: null})
      if (typeof made !== 'string') return made
      weights = made
      newCount = this.isCached ? lengthVector(this.graph.operations, weights, -2) : null
    }
    return {
      queryKey,
      weights,
      valueNorms: this.valueNorms(layer, site, heads, newCount),
      keysBeforeRotary: this.keysBeforeRotary(layer, site, heads, newCount),
      mixing: this.mixing(layer, site, heads),
    }
  }

  private mixing(layer: AttentionLayer, site: AttentionSite, heads: SiteHeads) {
    const {values} = site
    if (!this.request.wants?.mixing || !values) return null
    const {graph} = this
    const mixed = {tensor: values.product, preparation: [], layout: values.productLayout, factor: 1}
    const whole = {headSize: heads.headSize, newCount: null}
    const valueHeadCount = this.valueHeadCount(values.value, heads)
    const add = (operand: Operand, headCount: number | null) =>
      graph.editor.addOutput(addOperand(graph, operand, {...whole, headCount}))
    return this.unlessProblem(layer, () => ({
      values: add(values.value, valueHeadCount),
      mixed: add(mixed, heads.queryHeadCount),
    }))
  }

  private get isCached(): boolean {
    return this.structure.inputs.kvCache.length > 0
  }

  private queryKeyCapture(
    source: QueryKeySource,
    heads: SiteHeads
  ): {capture: QueryKeyCapture; newCount: string | null} {
    const {graph, steps} = this
    const {editor, operations, index} = graph
    const query = addOperand(graph, source.query, {
      headCount: heads.queryHeadCount,
      headSize: heads.headSize,
      newCount: null,
    })
    const newCount = this.isCached ? lengthVector(operations, query, 2) : null
    // Rounded with a scale that is found at run time, old keys differ from run to run.
    const isWholeRun = source.key.preparation.some(
      (step) => step.kind === 'quantize' && index.constantOf(step.scale) === null
    )
    const key = addOperand(graph, source.key, {
      headCount: heads.keyValueHeadCount,
      headSize: heads.headSize,
      newCount: isWholeRun ? null : newCount,
    })
    const capture = {
      query: editor.addOutput(query),
      key: editor.addOutput(key),
      isWholeRun,
      steps: source.steps.map((step) => steps.step(step)),
      sink: source.sink && steps.operand(source.sink),
    }
    return {capture, newCount}
  }

  private valueNorms(
    layer: AttentionLayer,
    site: AttentionSite,
    heads: SiteHeads,
    newCount: string | null
  ): SiteCapture['valueNorms'] {
    if (!this.request.wants?.valueNorms) return null
    const {values, outputProjection} = site
    if (!values) {
      this.problems.push(inLayer(noValues(), layer))
      return null
    }
    const headCount = this.valueHeadCount(values.value, heads)
    const options = {headCount, headSize: heads.headSize, newCount}
    const all = layerHeads(layer, heads, headCount)
    return this.unlessProblem(layer, () =>
      addValueNorms(this.graph, values, outputProjection, all, options)
    )
  }

  /** Values may have been walked back further than keys, or not as far. */
  private valueHeadCount(value: Operand, heads: SiteHeads): number | null {
    const {index, shapes} = this.graph
    const isAsStored = value.preparation.every(({kind}) => kind === 'every' || kind === 'quantize')
    const own =
      isAsStored && value.layout.includes('head')
        ? keyHeadCount(index, shapes, value, heads.queryHeadCount)
        : null
    return own ?? heads.keyValueHeadCount
  }

  private keysBeforeRotary(
    layer: AttentionLayer,
    site: AttentionSite,
    heads: SiteHeads,
    newCount: string | null
  ): string | null {
    if (!this.request.wants?.keysBeforeRotary) return null
    const {graph} = this
    const operand = keysBeforeRotary(graph.index, graph.shapes, site, heads.headSize)
    if (!operand) {
      this.problems.push(inLayer(noRotary(), layer))
      return null
    }
    const options = {headCount: heads.keyValueHeadCount, headSize: heads.headSize, newCount}
    return this.unlessProblem(layer, () =>
      graph.editor.addOutput(addOperand(graph, operand, options))
    )
  }

  private residualCaptures(): ResidualCapture[] {
    const {graph, structure} = this
    if (!structure.residual) {
      const known = structure.problems.find(({code}) => code.includes('residual'))
      this.problems.push(known ?? noResidual())
      return []
    }
    return structure.residual.points.map(({tensor, addends}, layer) => {
      const sum = addends?.length
        ? addends.reduce((a, b) => graph.operations.node('Add', [a, b]))
        : tensor
      return {layer, output: graph.editor.addOutput(asFloat32(graph, sum))}
    })
  }
}

/** Sites of one layer have as many heads each. */
function headsOfSite(layer: AttentionLayer, at: number): SiteHeads {
  const share = (count: number | null) =>
    count === null || count % layer.sites.length !== 0 ? null : count / layer.sites.length
  return {
    queryHeadCount: share(layer.queryHeadCount),
    keyValueHeadCount: share(layer.keyValueHeadCount),
    headSize: layer.headSize,
    at,
  }
}

function layerHeads(
  {queryHeadCount}: AttentionLayer,
  {queryHeadCount: headCount, at}: SiteHeads,
  valueHeadCount: number | null
): LayerHeads | null {
  if (queryHeadCount === null || headCount === null || valueHeadCount === null) return null
  return {queryHeadCount, firstHead: at * headCount, headCount, valueHeadCount}
}

/** What has to be fetched: everything that the plan names. */
function fetchedOutputs(
  editor: GraphEditor,
  before: ReadonlySet<string>,
  layers: readonly LayerCapture[],
  residual: readonly ResidualCapture[]
): string[] {
  const named = new Set<string>(residual.map(({output}) => output))
  const addNames = (value: unknown): void => {
    if (typeof value === 'string') named.add(value)
    else if (value && typeof value === 'object') Object.values(value).forEach(addNames)
  }
  addNames(layers)
  return editor.model.graph.output
    .map(({name}) => name)
    .filter((name) => named.has(name) || !before.has(name))
}

function inLayer(problem: Problem, {layer}: AttentionLayer): Problem {
  return {...problem, field: problem.field ? `layer ${layer}, ${problem.field}` : `layer ${layer}`}
}

function noValues(): Problem {
  return {
    code: 'values-not-found',
    message: 'The values that the attention weights are multiplied with were not found.',
    found: 'a product of unknown axes',
    expected: 'weights times values',
    advice: 'Use views that need no norms of values.',
  }
}

function noRotary(): Problem {
  return {
    code: 'keys-before-rotary-not-found',
    message: 'No place was found where keys are turned by their positions.',
    found: 'keys that come to the product in another way',
    expected: 'rotary position embeddings',
    advice: 'Use the keys as they enter the product.',
  }
}

function noResidual(): Problem {
  return {
    code: 'residual-not-found',
    message: 'The residual stream of the model was not found.',
    found: 'no chain of tensors that all information passes',
    expected: 'the residual stream of a transformer',
    advice: 'Use views that need attention alone.',
  }
}
