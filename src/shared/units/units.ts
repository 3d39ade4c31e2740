import {decodeBytes} from './decoded-text.ts'
import {type TextUnitKind, unitStarts} from './segment-text.ts'
import {
  bytesOfSequence,
  type SequenceBytes,
  type UnitInput,
  type UnitToken,
} from './sequence-text.ts'
import type {ByteSpan, ResolvedUnit, UnitKind} from './unit-choice.ts'

/** A stretch of the text that scores are shown by. */
export interface TextUnit {
  /**
   * `outside`: what no match, drawn span or turn covers. `special`: a special or inserted token, which
   * is a unit by itself whatever the choice. `unit`: all others.
   */
  readonly role: 'unit' | 'outside' | 'special'
  /** In the bytes of the sequence, end exclusive; special tokens inside it are not part of it. */
  readonly byteStart: number
  readonly byteEnd: number
  /** Tokens of which some part lies in it; the first and the last. */
  readonly firstPosition: number
  readonly lastPosition: number
  /** Of a chat turn its role, else null. */
  readonly name: string | null
}

/**
 * A sequence cut into units, and what share of each token lies in which. The shares of a token sum to
 * 1, so that whatever is summed over units has the total that it has over tokens.
 */
export interface UnitTable {
  readonly kind: UnitKind
  /** In the order of their first tokens. */
  readonly units: readonly TextUnit[]
  readonly tokens: readonly UnitToken[]
  /** Bytes of the whole sequence, completion included. */
  readonly bytes: Uint8Array
  /** Pieces of token index i are those from `pieceStarts[i]` to `pieceStarts[i + 1]`, left to right. */
  readonly pieceStarts: Uint32Array
  /** Index of each piece's unit. */
  readonly pieceUnits: Uint32Array
  /** The piece's share of its token: of its bytes, or 1 where all of it lies in one unit. */
  readonly pieceShares: Float64Array
}

const NONE = -1

/**
 * Cuts a sequence into units. Where a token straddles a border each side has the share of its bytes.
 * A token without a byte that is neither inserted nor special (one of several that a tokenizer made of
 * one character) belongs to the unit of the byte it stands before. Units in which no token has a part
 * are left out: cut-off text, or a span drawn behind the end. Of drawn spans that overlap the one that
 * begins first has the bytes. Linear in tokens, bytes and spans.
 */
export function unitsOf(input: UnitInput, unit: ResolvedUnit): UnitTable {
  const sequence = bytesOfSequence(input)
  if (unit.kind === 'token') return tokenTable(input.tokens, sequence.bytes)
  const draft = new UnitDraft(input.tokens, sequence.bytes.length)
  switch (unit.kind) {
    case 'byte':
      draft.addBytes()
      break
    case 'word':
    case 'sentence':
    case 'line':
    case 'paragraph':
      draft.addText(sequence.bytes, unit.kind)
      break
    case 'turn':
      draft.addSpans(turnSpans(input, sequence))
      break
    case 'regex':
    case 'spans':
      draft.addSpans(unit.spans)
      break
  }
  return draft.finish(unit.kind, sequence.bytes)
}

/** The prompt's turns, and the completion as the assistant's with the template's words before it. */
function turnSpans({turns = [], tokens, promptTokenCount}: UnitInput, sequence: SequenceBytes) {
  const spans: NamedSpan[] = turns.map((turn) => ({...turn, name: turn.role}))
  const hasCompletion = tokens.length > promptTokenCount
  if (spans.length > 0 && hasCompletion) {
    const byteStart = Math.min(spans.at(-1)!.byteEnd, sequence.promptByteCount)
    spans.push({name: 'assistant', byteStart, byteEnd: sequence.bytes.length})
  }
  return spans
}

interface NamedSpan extends ByteSpan {
  readonly name?: string
}

interface DraftUnit {
  readonly role: TextUnit['role']
  readonly byteStart: number
  readonly byteEnd: number
  readonly name: string | null
  firstToken: number
  lastToken: number
}

const isAlone = (token: UnitToken) => token.isSpecial || token.isInserted

function tokenTable(tokens: readonly UnitToken[], bytes: Uint8Array): UnitTable {
  return {
    kind: 'token',
    units: tokens.map((token) => ({
      role: isAlone(token) ? 'special' : 'unit',
      byteStart: token.byteStart,
      byteEnd: token.byteEnd,
      firstPosition: token.position,
      lastPosition: token.position,
      name: null,
    })),
    tokens,
    bytes,
    pieceStarts: Uint32Array.from({length: tokens.length + 1}, (_, i) => i),
    pieceUnits: Uint32Array.from(tokens, (_, i) => i),
    pieceShares: new Float64Array(tokens.length).fill(1),
  }
}

/** Units while they are being found: which of them has which byte. */
class UnitDraft {
  private readonly units: DraftUnit[] = []
  private readonly unitOfByte: Int32Array
  /** 1 where the byte is some ordinary token's, 2 where it is a special token's, else 0. */
  private readonly coverage: Uint8Array
  private readonly unitOfAlone = new Map<number, number>()

  constructor(
    private readonly tokens: readonly UnitToken[],
    private readonly byteCount: number
  ) {
    this.unitOfByte = new Int32Array(byteCount).fill(NONE)
    this.coverage = new Uint8Array(byteCount)
    for (const token of tokens) {
      if (!isAlone(token)) this.coverage.fill(1, token.byteStart, token.byteEnd)
    }
    for (const [index, token] of tokens.entries()) {
      if (!isAlone(token)) continue
      const unit = this.add('special', token.byteStart, token.byteEnd)
      this.unitOfAlone.set(index, unit)
      // Where an ordinary token's span runs over a special one's, the byte stays the special token's.
      this.unitOfByte.fill(unit, token.byteStart, token.byteEnd)
      this.coverage.fill(2, token.byteStart, token.byteEnd)
    }
  }

  addBytes(): void {
    for (let at = 0; at < this.byteCount; at++) {
      if (this.coverage[at] === 1) this.unitOfByte[at] = this.add('unit', at, at + 1)
    }
  }

  addText(bytes: Uint8Array, kind: TextUnitKind): void {
    for (const {byteStart, byteEnd} of this.stretches(() => true)) {
      const {text, byteOf} = decodeBytes(bytes, byteStart, byteEnd)
      const starts = unitStarts(text, kind)
      for (const [i, start] of starts.entries()) {
        const from = byteOf[start]!
        const to = byteOf[starts[i + 1] ?? text.length]!
        this.unitOfByte.fill(this.add('unit', from, to), from, to)
      }
    }
  }

  addSpans(spans: readonly NamedSpan[]): void {
    const sorted = [...spans].sort((a, b) => a.byteStart - b.byteStart || a.byteEnd - b.byteEnd)
    let end = 0
    for (const span of sorted) {
      const from = Math.max(end, span.byteStart)
      const to = Math.min(this.byteCount, span.byteEnd)
      if (to <= from) continue
      const unit = this.add('unit', from, to, span.name ?? null)
      for (let at = from; at < to; at++) if (this.coverage[at] === 1) this.unitOfByte[at] = unit
      end = to
    }
    for (const {byteStart, byteEnd} of this.stretches((at) => this.unitOfByte[at] === NONE)) {
      this.unitOfByte.fill(this.add('outside', byteStart, byteEnd), byteStart, byteEnd)
    }
  }

  finish(kind: UnitKind, bytes: Uint8Array): UnitTable {
    const pieceStarts = new Uint32Array(this.tokens.length + 1)
    const pieceUnits: number[] = []
    const pieceShares: number[] = []
    const push = (unit: number, share: number, token: number) => {
      const {firstToken} = this.units[unit]!
      if (firstToken === NONE) this.units[unit]!.firstToken = token
      this.units[unit]!.lastToken = token
      pieceUnits.push(unit)
      pieceShares.push(share)
    }
    for (const [index, token] of this.tokens.entries()) {
      const {byteStart, byteEnd} = token
      if (isAlone(token)) push(this.unitOfAlone.get(index)!, 1, index)
      else if (byteEnd <= byteStart) push(this.unitAt(byteStart), 1, index)
      for (let at = byteStart; !isAlone(token) && at < byteEnd; ) {
        const unit = this.unitOfByte[at]!
        let end = at + 1
        while (end < byteEnd && this.unitOfByte[end] === unit) end += 1
        push(unit, (end - at) / (byteEnd - byteStart), index)
        at = end
      }
      pieceStarts[index + 1] = pieceUnits.length
    }
    const order = [...this.units.keys()]
      .filter((unit) => this.units[unit]!.firstToken !== NONE)
      .sort((a, b) => {
        const [first, second] = [this.units[a]!, this.units[b]!]
        return first.firstToken - second.firstToken || first.byteStart - second.byteStart
      })
    const rankOf = new Uint32Array(this.units.length)
    for (const [rank, unit] of order.entries()) rankOf[unit] = rank
    return {
      kind,
      units: order.map((unit) => this.unit(this.units[unit]!)),
      tokens: this.tokens,
      bytes,
      pieceStarts,
      pieceUnits: Uint32Array.from(pieceUnits, (unit) => rankOf[unit]!),
      pieceShares: Float64Array.from(pieceShares),
    }
  }

  private add(
    role: TextUnit['role'],
    byteStart: number,
    byteEnd: number,
    name: string | null = null
  ) {
    return this.units.push({role, byteStart, byteEnd, name, firstToken: NONE, lastToken: NONE}) - 1
  }

  private unit({firstToken, lastToken, ...unit}: DraftUnit): TextUnit {
    return {
      ...unit,
      firstPosition: this.tokens[firstToken]!.position,
      lastPosition: this.tokens[lastToken]!.position,
    }
  }

  /** Maximal stretches of bytes of ordinary tokens for which `isWanted` holds. */
  private stretches(isWanted: (at: number) => boolean): ByteSpan[] {
    const found: ByteSpan[] = []
    let start = NONE
    for (let at = 0; at <= this.byteCount; at++) {
      const isIn = at < this.byteCount && this.coverage[at] === 1 && isWanted(at)
      if (isIn && start < 0) start = at
      if (!isIn && start >= 0) {
        found.push({byteStart: start, byteEnd: at})
        start = NONE
      }
    }
    return found
  }

  /** The unit of a token without bytes that stands before a byte. */
  private unitAt(at: number): number {
    for (const near of [at, at - 1]) {
      if (this.coverage[near] === 1) return this.unitOfByte[near]!
    }
    return this.add('unit', at, at)
  }
}
