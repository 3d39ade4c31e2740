import type {CapturedQueriesKeys} from '../captures/attention-capture.ts'
import {type HeadNorms, normsOfHead} from '../captures/head-norms.ts'
import {siteOf} from '../captures/recompute-rows.ts'
import type {RowSource} from '../captures/row-source.ts'
import {HeadBlocks} from './head-blocks.ts'
import type {MatrixText} from './matrix-protocol.ts'
import type {ScoreRunner} from './score-runner.ts'

/** Thrown where a job was asked to end. */
export class MatrixCancelled extends Error {}

/** Heads whose vectors are copied out at a time. */
const MAX_HEAD_COUNT = 32

/** Rows of captured layers, on the thread that has the runner. */
export class CapturedRows implements RowSource {
  private readonly heads = new Map<string, HeadBlocks>()

  constructor(
    private readonly text: MatrixText,
    private readonly runner: ScoreRunner,
    private readonly isCancelled: () => boolean
  ) {}

  get tokenCount(): number {
    return this.text.tokenCount
  }

  async rows(
    layer: number,
    head: number,
    from: number,
    to: number
  ): Promise<Float32Array<ArrayBuffer>> {
    this.throwIfCancelled()
    const {tokenCount} = this
    const rows = new Float32Array((to - from) * tokenCount)
    const blocks = this.blocksOf(layer, head)
    if (blocks) {
      await blocks.writeRows(from, to, rows)
      return rows
    }
    const {site, siteHead} = this.siteOf(layer, head)
    if (site.attention.kind !== 'weights') throw new RangeError('neither weights nor queries')
    const start = (siteHead * tokenCount + from) * tokenCount
    rows.set(site.attention.weights.subarray(start, start + rows.length))
    return rows
  }

  async valueNorms(layer: number, head: number): Promise<HeadNorms | null> {
    return normsOfHead(this.layers, {layer, head, tokenCount: this.tokenCount})
  }

  /** The head as queries and keys; null where its weights were captured. */
  blocksOf(layer: number, head: number): HeadBlocks | null {
    const name = `${layer} ${head}`
    const known = this.heads.get(name)
    if (known) return known
    const {site, siteHead} = this.siteOf(layer, head)
    if (site.attention.kind === 'weights') return null
    const blocks = this.open(site.attention, siteHead, site.queryHeadCount)
    this.heads.set(name, blocks)
    for (const [oldest, other] of this.heads) {
      if (this.heads.size <= MAX_HEAD_COUNT) break
      this.heads.delete(oldest)
      other.close()
    }
    return blocks
  }

  /** Nothing may be asked any more. */
  close(): void {
    for (const blocks of this.heads.values()) blocks.close()
    this.heads.clear()
  }

  throwIfCancelled(): void {
    if (this.isCancelled()) throw new MatrixCancelled('cancelled')
  }

  private open(
    attention: CapturedQueriesKeys,
    siteHead: number,
    queryHeadCount: number
  ): HeadBlocks {
    const {tokenCount} = this
    return new HeadBlocks(attention, {siteHead, queryHeadCount, tokenCount}, this.runner)
  }

  private siteOf(layer: number, head: number) {
    return siteOf(this.layers, layer, head)
  }

  private get layers() {
    return this.text.layers.map(({layer}) => layer)
  }
}
