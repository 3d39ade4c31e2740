/** What the exact next byte needs of a tokenizer and a model, from a place on that every encoding cuts. */
export interface ByteModel {
  /** Width of the logits. */
  readonly tokenCount: number
  /** Bytes of an id; empty for control tokens and for ids that stand for nothing. */
  bytesOf(id: number): Uint8Array
  /** Ids of some UTF-8 that starts at that place; null where the bytes are no UTF-8. */
  encode(bytes: Uint8Array): Promise<readonly number[] | null>
  /** Natural log-probabilities of every id after these ids, which start at that place. */
  logprobsAfter(ids: readonly number[]): Promise<Float64Array>
  readonly endIds: ReadonlySet<number>
}

/** A valid token sequence whose bytes begin with the prefix, and whose last token is needed for that. */
export interface Cover {
  readonly ids: readonly number[]
  /** Bytes beyond the prefix. */
  readonly residual: Uint8Array
  readonly logprob: number
}

export interface NextBytes {
  /** P(byte | prefix) of the 256 bytes, not renormalised: with the two below it sums to 1. */
  readonly probs: Float64Array
  readonly endProb: number
  /** Mass on control tokens, ids without bytes, and continuations that no text encodes to. */
  readonly leakProb: number
  readonly covers: readonly Cover[]
  /** ln P(prefix), from the place on. */
  readonly prefixLogprob: number
}

/** White space at the end of which every way to cut it is looked at. */
const MAX_SPACE_BYTES = 8

/**
 * The exact distribution of the byte after `prefix` (Phan et al. 2025, from the mathematics): the sum over
 * its cover encodings. An encoding is valid if its text encodes to it again; inside a character that is not
 * whole validity waits until it is. `fast` takes every sequence for valid.
 */
export async function nextBytes(
  prefix: Uint8Array,
  model: ByteModel,
  mode: 'exact' | 'fast' = 'exact'
): Promise<NextBytes> {
  const covers = await coversOf(prefix, model, mode)
  const highest = Math.max(...covers.map(({logprob}) => logprob))
  const weights = covers.map(({logprob}) => Math.exp(logprob - highest))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const probs = new Float64Array(256)
  let [endProb, leakProb] = [0, 0]
  for (const [i, {ids, residual}] of covers.entries()) {
    const weight = weights[i]! / total
    if (residual.length > 0) {
      probs[residual[0]!]! += weight
      continue
    }
    const logprobs = await model.logprobsAfter(ids)
    const bytes = joined(ids, model)
    for (let id = 0; id < model.tokenCount; id++) {
      const prob = weight * Math.exp(logprobs[id]!)
      const own = model.bytesOf(id)
      if (model.endIds.has(id)) endProb += prob
      else if (own.length === 0) leakProb += prob
      else if (mode === 'exact' && !(await isValid([...ids, id], concat(bytes, own), model))) {
        leakProb += prob
      } else probs[own[0]!]! += prob
    }
  }
  return {probs, endProb, leakProb, covers, prefixLogprob: highest + Math.log(total)}
}

/** All cover encodings of a prefix with their log-probabilities; of an empty one the empty sequence. */
export async function coversOf(
  prefix: Uint8Array,
  model: ByteModel,
  mode: 'exact' | 'fast' = 'exact'
): Promise<Cover[]> {
  if (prefix.length === 0) return [{ids: [], residual: prefix, logprob: 0}]
  const index = new StartIndex(model)
  const heads = await headsOf(prefix, model, index)
  const covers: Cover[] = []
  for (let at = 0; at < prefix.length; at++) {
    const rest = prefix.subarray(at)
    const candidates = index.startingWith(rest)
    if (candidates.length === 0) continue
    for (const head of heads[at]!) {
      const logprobs = await model.logprobsAfter(head)
      const headLogprob = await logprobOf(head, model)
      for (const id of candidates) {
        const ids = [...head, id]
        const bytes = concat(prefix.subarray(0, at), model.bytesOf(id))
        if (mode === 'exact' && !(await isValid(ids, bytes, model))) continue
        const residual = bytes.subarray(prefix.length)
        covers.push({ids, residual, logprob: headLogprob + logprobs[id]!})
      }
    }
  }
  return covers
}

/**
 * Sequences that spell the first i bytes, for every i, and may begin a valid encoding. At the end of a
 * character that is what it encodes to; inside one, and in white space that what follows may cut
 * otherwise, every way to get there from an earlier place.
 */
async function headsOf(
  prefix: Uint8Array,
  model: ByteModel,
  index: StartIndex
): Promise<readonly (readonly number[])[][]> {
  const heads: (readonly number[])[][] = [[[]]]
  for (let end = 1; end < prefix.length; end++) {
    const own = await model.encode(prefix.subarray(0, end))
    const found = new Map<string, readonly number[]>()
    if (own) found.set(own.join(), own)
    const spaces = own ? spacesBefore(prefix, end) : 0
    // The longest token bounds how far back the last one of a sequence can begin.
    const first = Math.max(0, end - (own ? spaces : index.longest))
    if (!own || (spaces > 0 && spaces <= MAX_SPACE_BYTES)) {
      for (let start = first; start < end; start++) {
        const ids = index.spelling(prefix.subarray(start, end))
        for (const head of heads[start]!) {
          for (const id of ids) found.set([...head, id].join(), [...head, id])
        }
      }
    }
    heads.push([...found.values()])
  }
  return heads
}

function spacesBefore(bytes: Uint8Array, end: number): number {
  let count = 0
  while (count < end && isSpace(bytes[end - 1 - count]!)) count++
  return count
}

const isSpace = (byte: number) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)

async function logprobOf(ids: readonly number[], model: ByteModel): Promise<number> {
  let sum = 0
  for (const [i, id] of ids.entries()) sum += (await model.logprobsAfter(ids.slice(0, i)))[id]!
  return sum
}

/** Whether a sequence is what its text encodes to; one that ends within a character may still become so. */
async function isValid(
  ids: readonly number[],
  bytes: Uint8Array,
  model: ByteModel
): Promise<boolean> {
  if (endsOpen(bytes)) return true
  const encoded = await model.encode(bytes)
  return encoded?.length === ids.length && encoded.every((id, i) => id === ids[i])
}

/** Whether the bytes are UTF-8 but for a character at the end that is not whole. */
function endsOpen(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', {fatal: true}).decode(bytes)
    return false
  } catch {
    try {
      new TextDecoder('utf-8', {fatal: true}).decode(bytes, {stream: true})
      return true
    } catch {
      return false
    }
  }
}

function joined(ids: readonly number[], model: ByteModel): Uint8Array {
  return Buffer.concat(ids.map((id) => model.bytesOf(id)))
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  return Buffer.concat([a, b])
}

/** Ids by their bytes: those that begin with some, and those that are some. */
class StartIndex {
  readonly longest: number
  private readonly byFirst: number[][] = Array.from({length: 256}, () => [])

  constructor(private readonly model: ByteModel) {
    let longest = 1
    for (let id = 0; id < model.tokenCount; id++) {
      const bytes = model.bytesOf(id)
      if (bytes.length === 0) continue
      this.byFirst[bytes[0]!]!.push(id)
      longest = Math.max(longest, bytes.length)
    }
    this.longest = longest
  }

  startingWith(start: Uint8Array): number[] {
    return this.byFirst[start[0]!]!.filter((id) => {
      const bytes = this.model.bytesOf(id)
      return bytes.length >= start.length && start.every((byte, i) => byte === bytes[i])
    })
  }

  spelling(bytes: Uint8Array): number[] {
    return this.startingWith(bytes).filter((id) => this.model.bytesOf(id).length === bytes.length)
  }
}
