/** What a host and its engine process say to each other beside the contract itself. */
export type ToEngine =
  /** Comes with a socket (WebSocket handshake pending). */
  | {
      readonly kind: 'upgrade'
      readonly url: string
      readonly headers: Readonly<Record<string, string | string[] | undefined>>
      readonly head: Uint8Array
    }
  /** Comes with a message port. */
  | {readonly kind: 'port'}
  /** A message of the contract on the process's own channel. */
  | {readonly kind: 'bytes'; readonly bytes: Uint8Array}

export type FromEngine =
  | {readonly kind: 'ready'; readonly blobAddress: string}
  /** It cannot start, and starting it again would not help. */
  | {readonly kind: 'refused'; readonly message: string}
  | {readonly kind: 'bytes'; readonly bytes: Uint8Array}
