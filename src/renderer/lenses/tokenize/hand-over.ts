import type {useWorkbench} from '../use-workbench.ts'

const PART_BYTES = 2 ** 21

/** A text on its way to the engine. */
export interface HandOver {
  readonly name: string
  readonly doneBytes: number
  readonly totalBytes: number
}

/**
 * Hands a file of any size over to the engine, part by part, and resolves with the path that it goes by there.
 * Throws where it cannot be read, and the signal's reason once it is aborted.
 */
export async function handOver(
  {client}: Pick<ReturnType<typeof useWorkbench>, 'client'>,
  file: File,
  onPart: (progress: HandOver) => void,
  signal: AbortSignal
): Promise<string> {
  let path: string | null = null
  for (let from = 0; path === null || from < file.size; from += PART_BYTES) {
    signal.throwIfAborted()
    onPart({name: file.name, doneBytes: from, totalBytes: file.size})
    const bytes = new Uint8Array(await file.slice(from, from + PART_BYTES).arrayBuffer())
    const kept: {path: string} = await client.tokenizers.keepText({name: file.name, path, bytes})
    path = kept.path
  }
  return path
}
