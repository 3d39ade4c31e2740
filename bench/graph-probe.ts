import {readFile} from 'node:fs/promises'
import {GraphEditor} from '../src/main/engine/onnx/graph-editor.ts'
import {encodeOverlay} from '../src/main/engine/onnx/overlay.ts'
import {readModelGraph} from '../src/main/engine/onnx/read-model-graph.ts'
import {decodeMessage, encodeMessage} from '../src/main/engine/onnx/schema.ts'

/** What one way of giving a model another output costs a process that has done nothing before. */
export interface GraphCost {
  readonly ms: number
  /** The most that the process held beyond what it held before. */
  readonly residentBytes: number
}

/** Reads a model's graph, makes every MatMul and Softmax an output, and encodes it; in a process of its own. */
export async function main([path, way]: readonly string[]): Promise<void> {
  if (!path) throw new Error('usage: graph-probe.ts MODEL ours|bare')
  globalThis.gc?.()
  const before = process.memoryUsage.rss()
  const peakBefore = process.resourceUsage().maxRSS
  const start = performance.now()
  const held = way === 'bare' ? await editWhole(path) : await editOverlay(path)
  const ms = performance.now() - start
  const peak = process.resourceUsage().maxRSS
  // A start-up that held more than this hides the peak: then what is held now is what can be told.
  const most = peak > peakBefore ? peak * 1024 : process.memoryUsage.rss()
  const cost: GraphCost = {ms, residentBytes: most - before}
  if (held.length === 0) throw new Error('nothing was encoded')
  console.log(JSON.stringify(cost))
}

const isShown = (opType: string) => opType === 'MatMul' || opType === 'Softmax'

async function editOverlay(path: string): Promise<Uint8Array> {
  const graph = await readModelGraph(path)
  const editor = new GraphEditor(graph)
  for (const {opType, output} of graph.model.graph.node) {
    if (isShown(opType)) editor.addOutput(output[0] as string)
  }
  return encodeOverlay(editor).bytes
}

/** The same by decoding the whole file and encoding it again. */
async function editWhole(path: string): Promise<Uint8Array> {
  const model = decodeMessage('Model', await readFile(path))
  for (const {opType, output} of model.graph.node) {
    if (isShown(opType)) model.graph.output.push({name: output[0] as string})
  }
  return encodeMessage('Model', model)
}
