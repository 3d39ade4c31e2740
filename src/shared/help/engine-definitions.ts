import type {Definition} from './definition.ts'

/** What the frame says of models, time and memory. */
export const ENGINE_DEFINITIONS = {
  'ms-per-token': {
    title: 'ms per token',
    unit: 'milliseconds',
    text: 'Time that this run spent in the model, divided by its tokens. Loading is not in it.',
    source: 'measured by the engine',
    topic: 'Engine',
  },
  threads: {
    title: 'threads',
    unit: 'a count',
    text: 'Threads of the processor that the model computes with; one a physical core unless that is set.',
    source: 'onnxruntime, intra-op threads',
    topic: 'Engine',
  },
  'used-memory': {
    title: 'kept results',
    unit: 'bytes; 1 GB is 10⁹',
    text: 'Memory that results of runs take in the engine now, mostly the logits of every position. Models come on top; each says its own size.',
    source: 'measured by the engine',
    topic: 'Engine',
  },
  'max-memory': {
    title: 'memory for results',
    unit: 'bytes; 1 GB is 10⁹',
    text: 'What results of runs may take together. Over it the engine gives up the oldest and computes them again when they are wanted. Models come on top.',
    source: 'ours',
    topic: 'Engine',
  },
  parameters: {
    title: 'parameters',
    unit: 'a count',
    text: 'Numbers that training set, counted in the graph’s weights. Layers × heads stand before it.',
    source: 'the ONNX file',
    topic: 'Engine',
  },
  'seconds-left': {
    title: 'time left',
    unit: 'seconds, at most',
    text: 'Upper estimate from the time that the finished part of this job took.',
    source: 'ours',
    topic: 'Engine',
  },
} as const satisfies Readonly<Record<string, Definition>>
