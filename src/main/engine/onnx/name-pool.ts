import {namesOf, tensorNamesOf} from './graph-names.ts'
import type {OnnxGraph} from './schema.ts'
import {graphsWithin} from './walk-graph.ts'

/** Prefix of every name that is made. */
const PREFIX = 'probe.'

/** The names of a graph that is edited: which are taken, and which are tensors that may be used. */
export class NamePool {
  /** Of any kind, subgraphs included. */
  private readonly taken = new Set<string>()
  /** Those of the main graph. */
  private readonly tensors: Set<string>
  private readonly nextNumbers = new Map<string, number>()

  constructor(graph: OnnxGraph) {
    for (const one of graphsWithin(graph)) for (const name of namesOf(one)) this.taken.add(name)
    this.tensors = tensorNamesOf(graph)
  }

  /** A name that nothing in the graph or in a subgraph has, taken from now on. */
  fresh(purpose: string): string {
    for (;;) {
      const number = this.nextNumbers.get(purpose) ?? 0
      this.nextNumbers.set(purpose, number + 1)
      const name = `${PREFIX}${purpose}.${number}`
      if (this.taken.has(name)) continue
      this.taken.add(name)
      return name
    }
  }

  /** The same for a tensor of the main graph, which counts as there from now on. */
  freshTensor(purpose: string): string {
    const name = this.fresh(purpose)
    this.tensors.add(name)
    return name
  }

  /** Throws a RangeError on a name that is no tensor of the main graph. */
  requireTensor(name: string): void {
    if (!this.tensors.has(name)) throw new RangeError(`no tensor ${JSON.stringify(name)}`)
  }

  forgetTensors(names: Iterable<string>): void {
    for (const name of names) this.tensors.delete(name)
  }
}
