import type {VisibleKeys} from '../../../shared/math/attention/visible-keys.ts'
import {
  type AttentionCapture,
  type CaptureDtype,
  type CapturedLayer,
  type CapturedSite,
  captureByteLength,
} from './attention-capture.ts'
import {KeptRollouts} from './kept-rollouts.ts'
import {type KeptTile, KeptTiles} from './kept-tiles.ts'
import {keyVectorsOf} from './key-vectors.ts'
import type {Evictable, MemoryBudget} from './memory-budget.ts'
import {type RowRequest, recomputeRows} from './recompute-rows.ts'
import {visibleKeysOf} from './visible-keys.ts'

/** Which capture is meant: of a model, of a text, and by which route. */
export interface CaptureKey {
  readonly modelKey: string
  readonly ids: Int32Array
  /** Weights as the graph gave them, where queries and keys could be had as well. */
  readonly wantsWeights: boolean
}

/** How a layer was captured. */
export interface CapturedFacts {
  readonly queryHeadCount: number
  /** Null of weights, which have forgotten their keys. */
  readonly keyValueHeadCount: number | null
  /** What its numbers are stored as. */
  readonly dtype: CaptureDtype
}

/** Pictures of one text take no more of the memory that captures may take: they only save time. */
const TILES_SHARE = 0.125

interface KeptLayer {
  readonly layer: CapturedLayer
  readonly dtype: CaptureDtype
  /** Value norms were asked for: where there are none then, they cannot be had. */
  readonly hasAskedNorms: boolean
}

/** Layers of one text's attention, as many as were asked for so far. */
export class KeptCapture implements Evictable {
  /** How many are using it right now; then it is not evicted. */
  pinCount = 0
  byteLength = 0
  private readonly layers = new Map<number, KeptLayer>()
  /** Pictures that were made of it; they go with it, or before it. */
  readonly tiles = new KeptTiles()
  private readonly visible = new WeakMap<CapturedSite, VisibleKeys>()

  constructor(
    readonly key: CaptureKey,
    private readonly looks: ReadonlySet<CaptureKey>,
    private readonly onEvicted: (capture: KeptCapture) => void
  ) {}

  get isOnScreen(): boolean {
    return [...this.looks].some((look) => isSame(look, this.key))
  }

  /** Whether a layer is there, with its value norms where those are wanted and can be had. */
  has(layer: number, {withValueNorms = false} = {}): boolean {
    const found = this.layers.get(layer)
    return found !== undefined && (found.hasAskedNorms || !withValueNorms)
  }

  /** A layer that is there, to be computed with; null where it is not. */
  layerOf(layer: number): {readonly layer: CapturedLayer; readonly dtype: CaptureDtype} | null {
    const found = this.layers.get(layer)
    return found ? {layer: found.layer, dtype: found.dtype} : null
  }

  /** What was captured of a layer; null where it is not there. */
  factsOf(layer: number): CapturedFacts | null {
    const found = this.layers.get(layer)
    if (!found) return null
    let keyValueHeadCount: number | null = 0
    for (const {attention} of found.layer.sites) {
      const count = attention.kind === 'weights' ? null : attention.keyValueHeadCount
      keyValueHeadCount =
        keyValueHeadCount === null || count === null ? null : keyValueHeadCount + count
    }
    const {queryHeadCount} = found.layer
    return {queryHeadCount, keyValueHeadCount, dtype: found.dtype}
  }

  /** Attention weights of some queries, [query, key]; null where the layer is not there. */
  rows(request: RowRequest): Float32Array<ArrayBuffer> | null {
    const found = this.layers.get(request.layer)
    return found ? recomputeRows(this.captureOf(found.layer, found.dtype), request) : null
  }

  /** Which keys each query of a head can see; null where the layer is not there. Throws on a head that is not. */
  visibleKeys(layer: number, head: number): VisibleKeys | null {
    const found = this.layers.get(layer)
    if (!found) return null
    let siteHead = head
    for (const site of found.layer.sites) {
      if (siteHead < site.queryHeadCount) return this.visibleOf(site)
      siteHead -= site.queryHeadCount
    }
    throw new RangeError(`no head ${head} of layer ${layer}`)
  }

  private visibleOf(site: CapturedSite): VisibleKeys {
    const known = this.visible.get(site) ?? visibleKeysOf(site, this.key.ids.length)
    this.visible.set(site, known)
    return known
  }

  /** Key vectors of a layer, its heads one after another, [position, size]; null where only weights are there. */
  keyVectors(layer: number): {values: Float64Array; size: number} | null {
    const found = this.layers.get(layer)
    return found ? keyVectorsOf(found.layer, this.key.ids.length) : null
  }

  add({dtype, layers}: AttentionCapture, hasAskedNorms: boolean): void {
    for (const layer of layers) this.layers.set(layer.layer, {layer, dtype, hasAskedNorms})
  }

  /** Layers that are there. */
  get layerNumbers(): number[] {
    return [...this.layers.keys()]
  }

  drop(layers: readonly number[]): void {
    for (const layer of layers) this.layers.delete(layer)
  }

  evict(): void {
    this.layers.clear()
    this.tiles.clear()
    this.onEvicted(this)
  }

  /** Bytes of everything that is there; what layers share counts once. */
  measure(): number {
    const layers = [...this.layers.values()].map(({layer}) => layer)
    const bytes = captureByteLength({dtype: 'float32', tokenCount: this.key.ids.length, layers})
    return bytes + this.tiles.byteLength
  }

  private captureOf(layer: CapturedLayer, dtype: CaptureDtype): AttentionCapture {
    return {dtype, tokenCount: this.key.ids.length, layers: [layer]}
  }
}

/**
 * Attention of the latest texts, bounded in bytes together with what else is kept: what is gone is
 * captured again on demand.
 */
export class AttentionStore {
  /** Attention rollouts of captured texts. */
  readonly rollouts: KeptRollouts
  private readonly captures = new Set<KeptCapture>()
  /** What is on a screen, whether anything is kept of it or not. */
  private readonly looks = new Set<CaptureKey>()

  constructor(private readonly budget: MemoryBudget) {
    this.rollouts = new KeptRollouts(budget)
  }

  /** The capture under a key, new and empty where there is none; it stays until `unpin`. */
  pin(key: CaptureKey): KeptCapture {
    let capture = [...this.captures].find((one) => isSame(one.key, key))
    if (!capture) {
      capture = new KeptCapture(key, this.looks, (gone) => this.forgetOne(gone))
      this.captures.add(capture)
    }
    capture.pinCount++
    this.budget.touch(capture)
    return capture
  }

  /** Says that a text is on a screen, until what it gives is called: its capture gives way last. */
  look(key: CaptureKey): () => void {
    // Two may look at the same text.
    const own = {...key}
    this.looks.add(own)
    return () => void this.looks.delete(own)
  }

  /** The longest text whose capture another one goes on from, with some layers of it; null where there is none. */
  beginningOf({modelKey, ids, wantsWeights}: CaptureKey): KeptCapture | null {
    let longest: KeptCapture | null = null
    for (const one of this.captures) {
      const {key} = one
      if (key.modelKey !== modelKey || key.wantsWeights !== wantsWeights) continue
      if (one.byteLength === 0 || key.ids.length >= ids.length) continue
      if (key.ids.length <= (longest?.key.ids.length ?? 0)) continue
      if (key.ids.every((id, position) => id === ids[position])) longest = one
    }
    return longest
  }

  unpin(capture: KeptCapture): void {
    capture.pinCount--
    if (capture.pinCount === 0 && capture.byteLength === 0) this.forgetOne(capture)
    this.budget.makeRoom(0)
  }

  /** Adds layers; false, and they are not kept, where there is no room for them. */
  add(capture: KeptCapture, layers: AttentionCapture, {hasAskedNorms = false} = {}): boolean {
    if (this.budget.usedBytes + captureByteLength(layers) > this.budget.maxBytes)
      this.dropTiles(capture)
    // What layers share with those that are there counts once, so this is at most what it takes.
    if (!this.budget.makeRoom(captureByteLength(layers))) return false
    capture.add(layers, hasAskedNorms)
    this.account(capture)
    return true
  }

  /** Keeps a picture of a capture that is in use, in a part of the room for all. */
  addTile(capture: KeptCapture, key: string, tile: KeptTile): void {
    const most = Math.floor(TILES_SHARE * this.budget.maxBytes)
    const {byteLength} = tile.values
    if (byteLength > most || !this.budget.makeRoom(byteLength)) return
    capture.tiles.add(key, tile, most)
    this.account(capture)
  }

  /** Lets go of the pictures of a capture. */
  dropTiles(capture: KeptCapture): void {
    capture.tiles.clear()
    this.account(capture)
  }

  /** Lets go of layers that were used up. */
  drop(capture: KeptCapture, layers: readonly number[]): void {
    capture.drop(layers)
    this.account(capture)
  }

  /** Lets go of a capture that nobody uses any more. */
  forgetUnused(capture: KeptCapture): void {
    if (capture.pinCount === 0) this.forgetOne(capture)
  }

  /** Forgets the captures of a model that changed or is not used any more. */
  forget(modelKey: string): void {
    for (const capture of [...this.captures]) {
      if (capture.key.modelKey === modelKey && capture.pinCount === 0) this.forgetOne(capture)
    }
  }

  private account(capture: KeptCapture): void {
    const byteLength = capture.measure()
    this.budget.usedBytes += byteLength - capture.byteLength
    capture.byteLength = byteLength
  }

  private forgetOne(capture: KeptCapture): void {
    this.budget.usedBytes -= capture.byteLength
    capture.byteLength = 0
    this.captures.delete(capture)
    this.budget.remove(capture)
  }
}

function isSame(a: CaptureKey, b: CaptureKey): boolean {
  return (
    a.modelKey === b.modelKey &&
    a.wantsWeights === b.wantsWeights &&
    a.ids.length === b.ids.length &&
    a.ids.every((id, position) => id === b.ids[position])
  )
}
