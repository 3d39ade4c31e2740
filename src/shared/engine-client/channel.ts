/**
 * A two-way pipe of whole binary messages between a page (or the command line) and the engine,
 * whatever carries it: a message port, a WebSocket or a child process's own channel.
 */
export interface ByteChannel {
  /** Resolves when the message has left, so that a slow reader holds the writer. */
  send(message: Uint8Array): void | Promise<void>
  onMessage(listener: (message: Uint8Array) => void): void
  onClose(listener: () => void): void
  close(): void
}
