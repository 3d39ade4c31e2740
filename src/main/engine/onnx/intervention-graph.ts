import type {Problem} from '../../../shared/domain/problem.ts'
import {exitAfterLayer, exitProblemOf} from './early-exit.ts'
import type {ElementTypes} from './element-types.ts'
import {scaleEmbeddings, tokenEmbeddingsOf} from './embedding-scale.ts'
import {GraphEditor} from './graph-editor.ts'
import {factsOf} from './graph-facts.ts'
import type {GraphIndex} from './graph-index.ts'
import {GraphOperations} from './graph-operations.ts'
import {addHeadGate, gateProblemOf} from './head-gates.ts'
import {positionUsesOf, shiftPositions} from './position-shift.ts'
import {ScoreBiasWriter} from './score-bias.ts'
import type {StaticShapes} from './static-shapes.ts'
import type {
  AttentionLayer,
  AttentionSite,
  ModelGraph,
  ModelStructure,
  OperandAxis,
} from './structure.ts'

/** What a run may change; the values are fed to it. */
export interface InterventionRequest {
  /** Something is added to the scores of every head of every layer: masked keys, a tree of continuations. */
  readonly sharedBias?: boolean
  /** Something is added to the scores of single heads of these layers: cut edges. */
  readonly layerBias?: readonly number[]
  /** Something is added to the scores of all heads of these layers alike: edges cut in every head. */
  readonly allHeadsBias?: readonly number[]
  /** Heads of these layers are switched off, or scaled. */
  readonly headGates?: readonly number[]
  readonly embeddingScale?: boolean
  /** Positions are moved, of a tree of continuations. */
  readonly positionShift?: boolean
  /** Outputs of the heads of these layers before any gate, to be averaged over a reference text. */
  readonly headOutputs?: readonly number[]
  /** The last layer that is computed. */
  readonly exitAfterLayer?: number
}

/**
 * A graph with inputs for what is changed. It is edited once and fed at each run; every text is a batch of
 * one row. With biases of 0, gates of 1 and offsets of 0, factors of 1 and shifts of 0 it is the model.
 */
export interface InterventionGraph {
  readonly graph: ModelGraph
  /** Output, as in the model. */
  readonly logits: string
  readonly inputs: InterventionInputs
  readonly headOutputs: readonly LayerHeadOutputs[]
  /** The cache of the layers that are left. */
  readonly kvCache: ModelStructure['inputs']['kvCache']
  /** What of the request cannot be done faithfully, and why; there is no input for it. */
  readonly problems: readonly Problem[]
}

/** Names of graph inputs; null and left out where they were not asked for or have a problem. */
export interface InterventionInputs {
  /** float32 [query, key]: queries of the run, keys of the whole text so far. */
  readonly sharedBias: string | null
  /** float32 [head, query, key]. */
  readonly layerBias: readonly LayerBiasInput[]
  /** float32 [query, key], for every head of the layer. */
  readonly allHeadsBias: readonly LayerBiasInput[]
  /** float32 [head, size] each: output · gate + offset. */
  readonly headGates: readonly HeadGateInputs[]
  /** float32 [1, position, hidden]. */
  readonly embeddingScale: string | null
  /** int64 [1, position], added to the positions of the run's tokens. */
  readonly positionShift: string | null
}
export interface LayerBiasInput {
  readonly layer: number
  readonly input: string
}
/** What the heads of a layer give, before any gate; several sites follow each other. */
export interface LayerHeadOutputs {
  readonly layer: number
  /** Graph outputs, float32 with the axes `layout`: new positions only. */
  readonly sites: readonly {readonly output: string; readonly layout: readonly OperandAxis[]}[]
}
export interface HeadGateInputs {
  readonly layer: number
  readonly gate: string
  readonly offset: string
}

/**
 * Adds to a copy of the graph the inputs that an intervention needs (definitions: interventions). Of a
 * merged decoder give the graph of `unmergeDecoder`. Throws a RangeError on a layer that is not in the
 * structure; whatever else cannot be done is a Problem, and the rest is done.
 */
export function buildInterventionGraph(
  graph: ModelGraph,
  structure: ModelStructure,
  request: InterventionRequest
): InterventionGraph {
  return new InterventionBuilder(graph, structure, request).build()
}

class InterventionBuilder {
  private readonly editor: GraphEditor
  private readonly operations: GraphOperations
  private readonly index: GraphIndex
  private readonly shapes: StaticShapes
  private readonly types: ElementTypes
  private readonly problems: Problem[] = []
  /** What the heads of a site give, where it had to be made another operator. */
  private readonly restated = new Map<AttentionSite, string>()

  constructor(
    private readonly source: ModelGraph,
    private readonly structure: ModelStructure,
    private readonly request: InterventionRequest
  ) {
    this.editor = new GraphEditor(source)
    this.operations = new GraphOperations(this.editor)
    const {index, shapes, types} = factsOf(source.model)
    this.index = index
    this.shapes = shapes
    this.types = types
  }

  build(): InterventionGraph {
    const {request, structure, editor} = this
    const biases = this.addBiases()
    const headOutputs = this.addHeadOutputs()
    const headGates = (request.headGates ?? []).flatMap((layer) => this.addGates(layer))
    const embeddingScale = request.embeddingScale ? this.addEmbeddingScale() : null
    const positionShift = request.positionShift ? this.addPositionShift() : null
    const kvCache = this.exit()
    // What was restated is left without a use, and would be computed all the same.
    if (this.restated.size > 0) {
      editor.removeDeadNodes(editor.model.graph.output.map(({name}) => name))
    }
    const alive = new Set(editor.model.graph.input.map(({name}) => name))
    const given = new Set(editor.model.graph.output.map(({name}) => name))
    const ifAlive = (name: string | null) => (name !== null && alive.has(name) ? name : null)
    return {
      graph: editor,
      logits: structure.head?.logits ?? editor.model.graph.output[0]?.name ?? '',
      inputs: {
        sharedBias: ifAlive(biases.shared),
        layerBias: biases.byHead.filter(({input}) => alive.has(input)),
        allHeadsBias: biases.ofAllHeads.filter(({input}) => alive.has(input)),
        headGates: headGates.filter(({gate}) => alive.has(gate)),
        embeddingScale: ifAlive(embeddingScale),
        positionShift: ifAlive(positionShift),
      },
      headOutputs: headOutputs.filter(({sites}) => sites.every(({output}) => given.has(output))),
      kvCache,
      problems: this.problems.map((problem) => ({file: this.source.path, ...problem})),
    }
  }

  private layerAt(layer: number): AttentionLayer {
    const found = this.structure.layers[layer]
    if (!found) throw new RangeError(`no layer ${layer}`)
    return found
  }

  private addBiases(): {
    shared: string | null
    byHead: LayerBiasInput[]
    ofAllHeads: LayerBiasInput[]
  } {
    const {request, editor, structure} = this
    const writer = new ScoreBiasWriter(this.operations, this.types, this.shapes)
    const problemOf = (layer: AttentionLayer) =>
      layer.problem ?? layer.sites.map((site) => writer.problemOf(site)).find(Boolean) ?? null
    let shared: string | null = null
    if (request.sharedBias) {
      // Masked in some layers only, a key would still be seen.
      const problem = this.whatHasNoSharedBias(problemOf)
      if (problem) this.problems.push(problem)
      else shared = editor.addInput('shared_bias', 'float32', ['query', 'key'])
    }
    const ofAllHeads: LayerBiasInput[] = []
    for (const number of request.allHeadsBias ?? []) {
      const problem = problemOf(this.layerAt(number))
      if (problem) this.problems.push(problem)
      else {
        const input = editor.addInput('all_heads_bias', 'float32', ['query', 'key'])
        ofAllHeads.push({layer: number, input})
      }
    }
    const byHead: LayerBiasInput[] = []
    for (const number of request.layerBias ?? []) {
      const layer = this.layerAt(number)
      const problem = problemOf(layer) ?? unevenHeads(layer)
      if (problem) this.problems.push(problem)
      else {
        const dims = [layer.queryHeadCount ?? 'head', 'query', 'key']
        byHead.push({layer: number, input: editor.addInput('layer_bias', 'float32', dims)})
      }
    }
    for (const layer of structure.layers) {
      const inputOf = (inputs: readonly LayerBiasInput[]) =>
        inputs.find((one) => one.layer === layer.layer)?.input ?? null
      const own = inputOf(byHead)
      const ofHeads = [shared, inputOf(ofAllHeads)].filter((one) => one !== null)
      if (ofHeads.length === 0 && own === null) continue
      layer.sites.forEach((site, at) => {
        const byHeadOfSite = own && this.headsOfSite(own, layer, at)
        const product = writer.add(site, {shared: ofHeads, byHead: byHeadOfSite})
        if (product) this.restated.set(site, product)
      })
    }
    return {shared, byHead, ofAllHeads}
  }

  private whatHasNoSharedBias(
    problemOf: (layer: AttentionLayer) => Problem | null
  ): Problem | null {
    const {structure} = this
    if (structure.layers.length === 0) return structure.problems[0] ?? noAttention()
    const states = this.index.graphInputs.find(({name}) => /^encoder_hidden_states$/.test(name))
    if (states) return severalTexts(states.name)
    return structure.layers.map(problemOf).find(Boolean) ?? null
  }

  /** Rows of a tensor [head, …] that belong to one of a layer's sites. */
  private headsOfSite(tensor: string, {sites, queryHeadCount}: AttentionLayer, at: number): string {
    if (sites.length === 1) return tensor
    const count = queryHeadCount! / sites.length
    return this.operations.slice(tensor, {
      starts: [at * count],
      ends: [(at + 1) * count],
      axes: [0],
    })
  }

  private productOf(site: AttentionSite): {product: string; productLayout: readonly OperandAxis[]} {
    const {product, productLayout} = site.values!
    return {product: this.restated.get(site) ?? product, productLayout}
  }

  private addGates(number: number): HeadGateInputs[] {
    const {editor, operations, types} = this
    const layer = this.layerAt(number)
    const problem = this.gateProblem(layer)
    if (problem) {
      this.problems.push(problem)
      return []
    }
    const dims = [layer.queryHeadCount ?? 'head', layer.headSize ?? 'size']
    const gate = editor.addInput('head_gate', 'float32', dims)
    const offset = editor.addInput('head_offset', 'float32', dims)
    layer.sites.forEach((site, at) => {
      addHeadGate(operations, this.productOf(site), types.typeOf(site.values!.product)!, {
        gate: this.headsOfSite(gate, layer, at),
        offset: this.headsOfSite(offset, layer, at),
      })
    })
    return [{layer: number, gate, offset}]
  }

  private gateProblem(layer: AttentionLayer): Problem | null {
    const ofSite = (site: AttentionSite) => gateProblemOf(site, this.types)
    return layer.problem ?? layer.sites.map(ofSite).find(Boolean) ?? unevenHeads(layer)
  }

  private addHeadOutputs(): LayerHeadOutputs[] {
    return (this.request.headOutputs ?? []).flatMap((number) => {
      const layer = this.layerAt(number)
      const problem = this.gateProblem(layer)
      if (problem) {
        this.problems.push(problem)
        return []
      }
      const sites = layer.sites.map((site) => {
        const {product, productLayout: layout} = this.productOf(site)
        const isFloat32 = this.types.typeOf(site.values!.product) === 'float32'
        const tensor = isFloat32 ? product : this.operations.cast(product, 'float32')
        return {output: this.editor.addOutput(tensor), layout}
      })
      return [{layer: number, sites}]
    })
  }

  private addEmbeddingScale(): string | null {
    const {index, shapes, types, structure} = this
    const tensors = tokenEmbeddingsOf(index, shapes, types, structure.inputs.inputIds)
    if ('code' in tensors) {
      this.problems.push(tensors)
      return null
    }
    const hidden = shapes.lengthOf(tensors[0], -1) ?? 'hidden'
    const input = this.editor.addInput('embedding_scale', 'float32', [1, 'position', hidden])
    scaleEmbeddings(this.operations, types, tensors, input)
    return input
  }

  private addPositionShift(): string | null {
    const {index, shapes, types, structure} = this
    const context = {index, shapes, types, inputs: structure.inputs}
    const uses = positionUsesOf(context)
    if ('code' in uses) {
      this.problems.push(uses)
      return null
    }
    const input = this.editor.addInput('position_shift', 'int64', [1, 'position'])
    shiftPositions(this.operations, context, uses, input)
    return input
  }

  private exit(): ModelStructure['inputs']['kvCache'] {
    const {request, structure} = this
    const layer = request.exitAfterLayer
    if (layer === undefined) return structure.inputs.kvCache
    const problem = exitProblemOf(structure, layer)
    if (!problem) return exitAfterLayer(this.operations, structure, layer)
    this.problems.push(problem)
    return structure.inputs.kvCache
  }
}

/** Heads of several sites can be told apart where each site has as many. */
function unevenHeads({sites, queryHeadCount, layer}: AttentionLayer): Problem | null {
  if (sites.length === 1 || (queryHeadCount && queryHeadCount % sites.length === 0)) return null
  return {
    code: 'heads-not-counted',
    message: 'The heads of a layer cannot be told apart before a run.',
    field: `layer ${layer}`,
    found: `${sites.length} sites for ${queryHeadCount ?? 'an unknown number of'} heads`,
    expected: 'as many heads in each site',
    advice: 'Export the model with fixed head counts.',
  }
}

function noAttention(): Problem {
  return {
    code: 'no-attention',
    message: 'The graph has no attention that could be changed.',
    found: 'no layer with attention',
    expected: 'the attention of a transformer',
    advice: 'Delete tokens instead of masking them.',
  }
}

function severalTexts(field: string): Problem {
  return {
    code: 'several-texts',
    message: 'Tokens of an encoder-decoder cannot be masked in all layers at once.',
    field,
    found: 'attention to another text',
    expected: 'a model in which every layer attends to its own text',
    advice: 'Cut edges of single layers instead.',
  }
}
