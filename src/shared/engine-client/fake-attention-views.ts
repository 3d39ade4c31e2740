import type {AsyncIteratorClass} from '@orpc/client'
import {graphRequestSchema} from '../lenses/attention-graph.ts'
import {
  capturedTextSchema,
  captureRequestSchema,
  edgesRequestSchema,
  headsRequestSchema,
  importanceRequestSchema,
  lineRequestSchema,
  probeRequestSchema,
  pruneRequestSchema,
  similarHeadsRequestSchema,
  thumbnailsRequestSchema,
  tileRequestSchema,
} from '../lenses/attention-maps.ts'
import {packTile} from '../lenses/packed-tile.ts'
import type {EngineClient} from './connect.ts'
import {fakeGraph} from './fake-attention-graph.ts'
import {
  fakeEdges,
  fakeLine,
  fakeTile,
  runFakeCapture,
  runFakeThumbnails,
} from './fake-attention-maps.ts'
import {
  runFakeHeads,
  runFakeImportance,
  runFakeProbe,
  runFakePrune,
  runFakeSimilarHeads,
} from './fake-attention-statistics.ts'

interface FakeStreams {
  readonly pause: (signal?: AbortSignal) => Promise<void>
  readonly streamOf: <Event>(
    outer: AbortSignal | undefined,
    open: (signal: AbortSignal) => AsyncGenerator<Event>
  ) => AsyncIteratorClass<Event, unknown, void>
}

type AttentionViews = Omit<EngineClient['attention'], 'run' | 'rows' | 'archive'>

/** What the pretended engine says about the attention of a text. */
export function fakeAttentionViews({pause, streamOf}: FakeStreams): AttentionViews {
  return {
    capture: async (input, call) => {
      const request = captureRequestSchema.parse(input)
      return streamOf(call?.signal, (signal) => runFakeCapture(request, pause, signal))
    },
    look: async (input, call) => {
      capturedTextSchema.parse(input)
      return streamOf(call?.signal, async function* (signal) {
        yield {kind: 'looking' as const}
        await new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => resolve(), {once: true})
        })
      })
    },
    tile: async (input, call) => {
      await pause(call?.signal)
      return fakeTile(tileRequestSchema.parse(input))
    },
    picture: async (input, call) => {
      await pause(call?.signal)
      const request = tileRequestSchema.parse(input)
      return packTile(fakeTile(request), request)
    },
    line: async (input, call) => {
      await pause(call?.signal)
      return fakeLine(lineRequestSchema.parse(input))
    },
    edges: async (input, call) => {
      await pause(call?.signal)
      return fakeEdges(edgesRequestSchema.parse(input))
    },
    graph: async (input, call) => {
      await pause(call?.signal)
      return fakeGraph(graphRequestSchema.parse(input))
    },
    thumbnails: async (input, call) => {
      const request = thumbnailsRequestSchema.parse(input)
      return streamOf(call?.signal, (signal) => runFakeThumbnails(request, pause, signal))
    },
    heads: async (input, call) => {
      const request = headsRequestSchema.parse(input)
      return streamOf(call?.signal, (signal) => runFakeHeads(request, pause, signal))
    },
    probe: async (input, call) => {
      const request = probeRequestSchema.parse(input)
      return streamOf(call?.signal, (signal) => runFakeProbe(request, pause, signal))
    },
    importance: async (input, call) => {
      const request = importanceRequestSchema.parse(input)
      return streamOf(call?.signal, (signal) => runFakeImportance(request, pause, signal))
    },
    similar: async (input, call) => {
      const request = similarHeadsRequestSchema.parse(input)
      return streamOf(call?.signal, (signal) => runFakeSimilarHeads(request, pause, signal))
    },
    prune: async (input, call) => {
      const request = pruneRequestSchema.parse(input)
      return streamOf(call?.signal, (signal) => runFakePrune(request, pause, signal))
    },
  }
}
