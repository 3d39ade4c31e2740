import type {CapturedRun} from '../captures/attention-capture.ts'
import {performMatrixJob} from './matrix-jobs.ts'
import type {MatrixText} from './matrix-protocol.ts'
import type {ScoreRunner} from './score-runner.ts'

const TOKENS = 4
const SIZE = 2

/**
 * Makes a picture and a row of a causal text of a few tokens: the graphs that most models' heads are computed by
 * are open afterwards, and the first picture of a person's text does not wait for them.
 */
export async function warmRunner(runner: ScoreRunner): Promise<void> {
  const causal: CapturedRun = {
    ...{queryStart: 0, queryEnd: TOKENS, keyCount: TOKENS, keys: null, sink: null},
    steps: [{kind: 'band', first: null, last: 0}],
  }
  const numbers = () => new Float32Array(TOKENS * SIZE)
  const attention = {
    ...{kind: 'queries-keys' as const, keyValueHeadCount: 1, size: SIZE, runs: [causal]},
    ...{queries: numbers(), keys: numbers()},
  }
  const site = {queryHeadCount: 1, attention, valueNorms: null, keysBeforeRotary: null}
  const text: MatrixText = {
    tokenCount: TOKENS,
    layers: [{layer: {layer: 0, queryHeadCount: 1, sites: [site]}, dtype: 'float32'}],
  }
  const queries = [0, TOKENS] as const
  const map = {kind: 'head' as const, layer: 0, head: 0}
  const job = {text, map, filters: {dropSink: false, threshold: 0}, queries, whole: null}
  const shape = {queries, keys: queries, rowCount: 2, columnCount: 2, pooling: 'max' as const}
  const context = {runner, isCancelled: () => false}
  await performMatrixJob('tile', {...job, shape}, context)
  await performMatrixJob('rows', {text, layer: 0, head: 0, from: 0, to: TOKENS}, context)
}
