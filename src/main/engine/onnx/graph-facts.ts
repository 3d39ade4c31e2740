import {ElementTypes} from './element-types.ts'
import {GraphIndex} from './graph-index.ts'
import type {Steps} from './in-turns.ts'
import type {OnnxModel} from './schema.ts'
import {StaticShapes} from './static-shapes.ts'

/** What follows from a graph alone, for whoever reads or edits a copy of it. */
export interface GraphFacts {
  readonly index: GraphIndex
  readonly shapes: StaticShapes
  readonly types: ElementTypes
}

const kept = new WeakMap<OnnxModel, GraphFacts>()

/** The facts of a graph: those that were kept, else computed. */
export function factsOf(model: OnnxModel): GraphFacts {
  const known = kept.get(model)
  if (known) return known
  const index = new GraphIndex(model)
  return {index, shapes: new StaticShapes(index), types: new ElementTypes(index)}
}

/** Keeps the facts of a graph that nobody changes any more, for as long as it is there. */
export function* keepFacts(model: OnnxModel): Steps<GraphFacts> {
  const known = kept.get(model)
  if (known) return known
  const index = new GraphIndex(model)
  yield
  const shapes = new StaticShapes(index)
  yield
  const types = new ElementTypes(index)
  yield
  const facts = {index, shapes, types}
  kept.set(model, facts)
  return facts
}
