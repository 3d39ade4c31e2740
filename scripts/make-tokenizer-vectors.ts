import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {HARD_TEXTS} from '../fixtures/hard-texts.ts'
import {secondEngine} from '../src/main/engine/tokenizers/second-engine.ts'
import {TokenizerShelf} from '../src/main/engine/tokenizers/shelf.ts'
import {PACKAGED_TOKENIZERS} from '../src/shared/lenses/packaged-tokenizers.ts'

/**
 * Writes assets/tokenizers/vectors.json: ids of hard texts by an implementation other than the one that the
 * program encodes with. `node scripts/run-ts.mjs scripts/make-tokenizer-vectors.ts`
 */
export async function main(): Promise<void> {
  const shelf = new TokenizerShelf(() => Promise.reject(new Error('packaged ones only')))
  const ids: Record<string, {engine: string; ids: number[][]}> = {}
  for (const {id} of PACKAGED_TOKENIZERS) {
    const engine = await secondEngine(await shelf.open(id))
    if (!engine) throw new Error(`no second implementation of ${id}`)
    ids[id] = {
      engine: engine.name,
      ids: HARD_TEXTS.map((text) => Array.from(engine.encode(text))),
    }
    engine.release()
  }
  const folder = join(import.meta.dirname, '../assets/tokenizers')
  await mkdir(folder, {recursive: true})
  const rows = HARD_TEXTS.map((text) => JSON.stringify(text)).join(',\n')
  const lists = Object.entries(ids).map(([id, {engine, ids: all}]) => {
    const lines = all.map((list) => JSON.stringify(list)).join(',\n')
    return `${JSON.stringify(id)}: {"engine": ${JSON.stringify(engine)}, "ids": [\n${lines}\n]}`
  })
  const json = `{"texts": [\n${rows}\n],\n"tokenizers": {\n${lists.join(',\n')}\n}}\n`
  await writeFile(join(folder, 'vectors.json'), json)
  console.log(`${HARD_TEXTS.length} texts, ${Object.keys(ids).join(', ')}`)
}
