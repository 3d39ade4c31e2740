/** What a host and its engine process say to each other beside the contract itself. */
export type ToEngine =
  /**
   * Comes with a socket whose WebSocket handshake is pending. The engine says that it has taken it, the
   * host then gives up its own copy and says go: before that it could read what is meant for the engine,
   * and without its copy a socket sent to a dying engine would be lost without a word.
   */
  | {
      readonly kind: 'upgrade'
      readonly upgradeId: number
      readonly url: string
      readonly headers: Readonly<Record<string, string | string[] | undefined>>
      readonly head: Uint8Array
    }
  | {readonly kind: 'upgrade-go'; readonly upgradeId: number}
  /** Comes with a message port. */
  | {readonly kind: 'port'}
  /** A message of the contract on the process's own channel. */
  | {readonly kind: 'bytes'; readonly bytes: Uint8Array}

export type FromEngine =
  | {readonly kind: 'ready'; readonly blobAddress: string}
  | {readonly kind: 'upgrade-taken'; readonly upgradeId: number}
  | {readonly kind: 'bytes'; readonly bytes: Uint8Array}
