export const root: string
export function buildIfStale(options?: {
  quiet?: boolean
  folder?: string
  build?: (folder: string) => Promise<void>
}): Promise<boolean>
