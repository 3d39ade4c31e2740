export const root: string
export function buildIfStale(options?: {
  quiet?: boolean
  folder?: string
  build?: (folder: string, signal?: AbortSignal) => Promise<void>
  signal?: AbortSignal
}): Promise<boolean>
