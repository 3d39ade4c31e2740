import {formatCount, formatFixed} from '../../../shared/figures/number-format.ts'
import {PACKAGED_TOKENIZERS} from '../../../shared/lenses/packaged-tokenizers.ts'
import {isBaseline} from '../../store/tokenizers-state.ts'

/** `142 bytes`, `8.3 MB`. */
export function bytesText(bytes: number): string {
  if (bytes < 10_000) return `${formatCount(bytes)} ${bytes === 1 ? 'byte' : 'bytes'}`
  return bytes < 1e6 ? `${formatFixed(bytes / 1e3, 0)} kB` : `${formatFixed(bytes / 1e6, 1)} MB`
}

/** How a tokenizer is called before anything is known of it: a path by its last part that says something. */
export function nameOfChoice(name: string): string {
  if (isBaseline(name) || PACKAGED_TOKENIZERS.some(({id}) => id === name)) return name
  const parts = name.split(/[\\/]/u).filter((part) => part !== '' && part !== 'tokenizer.json')
  return parts.at(-1) ?? name
}
