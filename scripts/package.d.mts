export interface PackageTarget {
  readonly name: string
  readonly platform: string | null
  readonly tool: string | null
}
export const TARGETS: readonly PackageTarget[]
export function obstacle(
  target: PackageTarget,
  facts: {
    readonly platform: string
    readonly arch: string
    readonly electronVersion: string
    readonly missingLibraries: readonly string[]
    readonly electron: string | null
    readonly tools: readonly string[]
    readonly isWebReachable: boolean
  }
): string | null
export function lastError(text: string): string
