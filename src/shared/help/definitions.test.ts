import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {TRACK_KINDS} from '../figures/tokens/tracks.ts'
import {DEFINITION_TOPICS} from './definition.ts'
import {DEFINITION_KEYS, DEFINITIONS, isDefinitionKey} from './definitions.ts'

test('each definition has a title, a text of whole sentences, a unit and a source', () => {
  for (const key of DEFINITION_KEYS) {
    const {title, text, unit, source, topic} = DEFINITIONS[key]
    expect(title, key).not.toBe('')
    expect(text, key).toMatch(/^[^a-z].*\.$/u)
    expect(text.length, `${key} fits into a hint`).toBeLessThanOrEqual(260)
    expect(unit, key).not.toBe('')
    expect(source, key).not.toMatch(/^$|\.$/u)
    expect(DEFINITION_TOPICS, key).toContain(topic)
  }
})

test('no two definitions have the same title, and every topic has some', () => {
  const all = DEFINITION_KEYS.map((key) => DEFINITIONS[key])
  expect(new Set(all.map(({title}) => title)).size).toBe(all.length)
  for (const topic of DEFINITION_TOPICS) {
    expect(
      all.some((definition) => definition.topic === topic),
      topic
    ).toBe(true)
  }
})

test('every track is defined under its own name, with the unit that its scale has', () => {
  for (const [name, kind] of Object.entries(TRACK_KINDS)) {
    expect(isDefinitionKey(name), name).toBe(true)
    const definition = DEFINITIONS[name as keyof typeof DEFINITIONS]
    expect(definition.title).toBe(kind.label)
    if (kind.unit) expect(definition.unit).toBe(kind.unit)
  }
})

/** Words of hints in the sources of the page: what is written out as a literal. */
function hintsIn(folder: string): {file: string; hint: string}[] {
  return readdirSync(folder, {withFileTypes: true}).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return hintsIn(path)
    if (!/\.tsx$/u.test(entry.name)) return []
    const source = readFileSync(path, 'utf8')
    return [...source.matchAll(/(?:data-hint|definition)=(?:"([^"]*)"|\{'([^']*)'\})/gu)].map(
      (match) => ({
        file: entry.name,
        hint: match[1] ?? match[2] ?? '',
      })
    )
  })
}

test('a hint that is written out is a key of a definition or a sentence about a control', () => {
  const hints = hintsIn(join(import.meta.dirname, '../../renderer'))
  for (const {file, hint} of hints) {
    const isSentence = /^[^a-z].*[.?]$/u.test(hint)
    expect(isDefinitionKey(hint) || isSentence, `${file}: “${hint}”`).toBe(true)
  }
})

test('a number with a definition beside it names the definition’s key', () => {
  const folder = join(import.meta.dirname, '../../renderer/app')
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.tsx'))) {
    const source = readFileSync(join(folder, name), 'utf8')
    for (const [, key] of source.matchAll(/\sdefinition="([^"]*)"/gu)) {
      expect(isDefinitionKey(key!), `${name}: “${key}”`).toBe(true)
    }
  }
})

test('the page names no unknown key of a definition', () => {
  const folder = join(import.meta.dirname, '../../renderer')
  const files = readdirSync(folder, {recursive: true, encoding: 'utf8'}).filter((name) =>
    /\.tsx?$/u.test(name)
  )
  const keys = files.flatMap((name) =>
    [
      ...readFileSync(join(folder, name), 'utf8').matchAll(
        /(?:definition: |definition=\{?|define=\{?)'([a-z-]+)'/gu
      ),
    ].map((match) => match[1]!)
  )
  for (const key of keys) expect(isDefinitionKey(key), key).toBe(true)
})
