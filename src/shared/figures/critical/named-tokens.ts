import type {Share} from '../../lenses/critical-named.ts'
import {formatCount} from '../number-format.ts'

export * from '../../lenses/critical-named.ts'

/** “48 of 64”. */
export function shareText({successCount, sampleCount}: Share): string {
  return `${formatCount(successCount)} of ${formatCount(sampleCount)}`
}
