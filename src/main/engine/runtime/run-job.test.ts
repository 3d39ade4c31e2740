import {describe, expect, it} from 'vitest'
import {type JobContext, runJob} from './run-job.ts'
import type {RunEvent, RunJob} from './worker-protocol.ts'

const VOCABULARY_SIZE = 5
const CHUNK = 16

/** A decoder that counts its runs, and is cancelled while it makes the one numbered `cancelAt`. */
function countingContext({cancelAt}: {cancelAt: number}) {
  let count = 0
  const counts = {runs: 0, cancelled: false}
  const events: RunEvent[] = []
  const context: JobContext = {
    decoder: {
      canChunk: true,
      isCached: true,
      reset: () => {
        count = 0
      },
      mark: () => ({count, tensors: new Map(), ids: []}),
      return: (mark) => {
        count = mark.count
      },
      async append(ids) {
        counts.runs++
        if (counts.runs === cancelAt) counts.cancelled = true
        count += ids.length
        return new Float32Array(ids.length * VOCABULARY_SIZE)
      },
    },
    facts: {hasKvCache: true, chunkLength: CHUNK, vocabularySize: VOCABULARY_SIZE},
    modelId: 'counting',
    contextLength: 1000,
    resumePoint: null,
    isCancelled: () => counts.cancelled,
    emit: (event) => events.push(event),
  }
  return {context, counts, events}
}

function jobOf(length: number, generateCount: number): RunJob {
  return {
    ids: new Int32Array(length).fill(2),
    knownCount: 0,
    useKvCache: true,
    keepLogits: false,
    endIds: [1],
    trackIds: [],
    rowPosition: null,
    answers: [],
    generation:
      generateCount > 0 ? {count: generateCount, stopIds: [], sampling: null, seed: 0} : null,
  }
}

const NEVER = Number.POSITIVE_INFINITY

describe('a job', () => {
  it('runs every chunk and every generated token when nobody cancels', async () => {
    const {context, counts} = countingContext({cancelAt: NEVER})
    const outcome = await runJob(jobOf(8 * CHUNK, 20), context)
    expect(outcome).toMatchObject({status: 'completed', stopReason: 'count'})
    expect(counts.runs).toBe(8 + 20)
  })

  it.each([1, 3, 7])('cancelled in chunk %i of a prompt, runs no other', async (cancelAt) => {
    for (const generateCount of [0, 20]) {
      const {context, counts, events} = countingContext({cancelAt})
      const outcome = await runJob(jobOf(8 * CHUNK, generateCount), context)
      expect(outcome.status).toBe('cancelled')
      expect(counts.runs).toBe(cancelAt)
      expect(events.filter((event) => event.kind === 'rows')).toHaveLength(cancelAt)
      // What was run is of use to the next job.
      expect(outcome.resumePoint?.mark.count).toBe(cancelAt * CHUNK)
    }
  })

  it.each([1, 5])('cancelled in generated token %i, runs no other', async (generatedCount) => {
    const {context, counts, events} = countingContext({cancelAt: 2 + generatedCount})
    const outcome = await runJob(jobOf(2 * CHUNK, 100), context)
    expect(outcome).toMatchObject({status: 'cancelled', stopReason: null})
    expect(counts.runs).toBe(2 + generatedCount)
    const generated = events.flatMap((event) =>
      event.kind === 'rows' ? Array.from(event.generatedIds) : []
    )
    expect(generated).toHaveLength(generatedCount)
  })

  it('cancelled before it began, runs nothing', async () => {
    const {context, counts} = countingContext({cancelAt: NEVER})
    const outcome = await runJob(jobOf(8 * CHUNK, 5), {...context, isCancelled: () => true})
    expect(outcome.status).toBe('cancelled')
    expect(counts.runs).toBe(0)
  })
})
