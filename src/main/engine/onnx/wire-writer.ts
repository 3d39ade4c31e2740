import {WIRE_TYPE} from './wire.ts'

/** An unsigned number, exact up to 2^53, as protobuf's variable-length bytes. */
function varintBytes(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  while (rest > 127) {
    bytes.push((rest % 128) | 128)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
  return bytes
}

/** Tag and length of a length-delimited field; its content follows. */
export function fieldHead(number: number, byteLength: number): Uint8Array {
  return Uint8Array.from([...varintBytes(number * 8 + WIRE_TYPE.bytes), ...varintBytes(byteLength)])
}

/** A whole varint field. */
export function varintField(number: number, value: number): Uint8Array {
  return Uint8Array.from([...varintBytes(number * 8 + WIRE_TYPE.varint), ...varintBytes(value)])
}

/** Pieces of a message, in order, and what they add up to. */
export class MessageBytes {
  private readonly pieces: Uint8Array[] = []
  byteLength = 0

  add(...pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) {
      this.pieces.push(piece)
      this.byteLength += piece.length
    }
  }

  /** Adds another message as field `number`. */
  addMessage(number: number, message: MessageBytes): void {
    this.add(fieldHead(number, message.byteLength))
    for (const piece of message.pieces) this.pieces.push(piece)
    this.byteLength += message.byteLength
  }

  join(): Uint8Array {
    return Buffer.concat(this.pieces, this.byteLength)
  }
}
