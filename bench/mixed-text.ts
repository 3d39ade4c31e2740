import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {createSeededRandom} from '../src/shared/math/seeded-random.ts'
import {TEXT_SAMPLES} from '../src/shared/samples/text-samples.ts'

const PARALLEL = join(import.meta.dirname, '../assets/tokenizers/parallel.json')

/**
 * About `byteLength` bytes of text in eighteen languages, code, numbers, emoji and invisible characters, in
 * an order that the seed decides. Half of it is English: as in what people paste.
 */
export function mixedText(byteLength: number, seed: number): string {
  const sentences = JSON.parse(readFileSync(PARALLEL, 'utf8')) as Record<string, string[]>
  const english = sentences.en!
  const others = [...Object.values(sentences).flat(), ...TEXT_SAMPLES.map(({text}) => text)]
  const random = createSeededRandom(seed)
  const pick = (from: readonly string[]) => from[Math.floor(random.nextUnit() * from.length)]!
  const parts: string[] = []
  for (let bytes = 0; bytes < byteLength; ) {
    const part = pick(random.nextUnit() < 0.5 ? english : others)
    const end = random.nextUnit() < 0.3 ? '\n' : ` ${Math.floor(random.nextUnit() * 1e6)} `
    parts.push(part, end)
    bytes += Buffer.byteLength(part) + end.length
  }
  return parts.join('')
}
