import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, it} from 'vitest'
import {DEFAULT_PREFERENCES} from '../../../shared/domain/preferences.ts'
import {PreferenceStore, type PreferencesState} from './preferences.ts'

let folder: string
const stores: PreferenceStore[] = []
const controllers: AbortController[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'preferences-'))
})

afterEach(async () => {
  for (const controller of controllers.splice(0)) controller.abort()
  await Promise.all(stores.splice(0).map((store) => store.close()))
  rmSync(folder, {recursive: true, force: true})
})

function open(stateFolder: string | null = folder): PreferenceStore {
  const store = new PreferenceStore(stateFolder)
  stores.push(store)
  return store
}

/** What a page hears, as it hears it. */
function watchOf(store: PreferenceStore) {
  const controller = new AbortController()
  controllers.push(controller)
  const states: PreferencesState[] = []
  const waiting: (() => void)[] = []
  void (async () => {
    for await (const state of store.watch(controller.signal)) {
      states.push(state)
      for (const wake of waiting.splice(0)) wake()
    }
  })()
  return {
    states,
    async until(isDone: (state: PreferencesState) => boolean): Promise<PreferencesState> {
      for (;;) {
        const found = states.find(isDone)
        if (found) return found
        await new Promise<void>((resolve) => waiting.push(resolve))
      }
    },
  }
}

const onDisk = () => JSON.parse(readFileSync(join(folder, 'preferences.json'), 'utf8'))
const write = (text: string) => writeFileSync(join(folder, 'preferences.json'), text)

describe('preferences', () => {
  it('are the defaults before anything is set, and then what was set, by the next engine too', async () => {
    const first = open()
    expect(first.current).toEqual(DEFAULT_PREFERENCES)
    expect(await first.change({theme: 'dark', threads: 3})).toEqual({
      ...DEFAULT_PREFERENCES,
      theme: 'dark',
      threads: 3,
    })
    expect(onDisk()).toEqual({theme: 'dark', threads: 3})
    expect(open().current).toMatchObject({theme: 'dark', threads: 3, colors: 'ember'})
    expect(readdirSync(folder)).toEqual(['preferences.json'])
  })

  it('that are set while others are being written are written after them', async () => {
    const store = open()
    const first = store.change({theme: 'dark'})
    // The write has begun, and is not over: what is set now is no part of it.
    await new Promise((resolve) => setImmediate(resolve))
    expect(existsSync(join(folder, 'preferences.json'))).toBe(false)
    const second = store.change({threads: 3})
    await Promise.all([first, second])
    expect(onDisk()).toEqual({theme: 'dark', threads: 3})
    expect(store.current).toMatchObject({theme: 'dark', threads: 3})
  })

  it('stay in memory without a state folder', async () => {
    const store = open(null)
    await store.change({textSizePx: 20})
    expect(store.current.textSizePx).toBe(20)
    expect(open(null).current.textSizePx).toBe(13)
  })

  it('go to everybody who watches, and take no notice of fields that are named but not given', async () => {
    const store = open()
    const pages = [watchOf(store), watchOf(store)]
    await store.change({colors: 'grey', theme: undefined})
    for (const page of pages) {
      const {preferences} = await page.until((state) => state.preferences.colors === 'grey')
      expect(preferences).toEqual({...DEFAULT_PREFERENCES, colors: 'grey'})
    }
    expect(onDisk()).toEqual({colors: 'grey'})
  })

  it('keep the fields of other versions', async () => {
    write('\uFEFF{"colors": "ocean", "ofAnother": {"version": [1, 2]}}')
    const store = open()
    expect(store.current.colors).toBe('ocean')
    await store.change({theme: 'light'})
    expect(onDisk()).toEqual({colors: 'ocean', ofAnother: {version: [1, 2]}, theme: 'light'})
  })

  it('lose only the fields that are wrong, name them once, and keep the file as it was', async () => {
    const damaged = '{"theme": "pink", "threads": 2.5, "textSizePx": 18, "other": 1}'
    write(damaged)
    const store = open()
    expect(store.current).toEqual({...DEFAULT_PREFERENCES, textSizePx: 18})
    const page = watchOf(store)
    const {problem} = await page.until((state) => state.problem !== null)
    expect(problem).toMatchObject({
      code: 'preferences-repaired',
      file: join(folder, 'preferences.json'),
      field: 'theme, threads',
      found: 'theme: "pink"; threads: 2.5',
    })
    expect(problem!.expected).toContain('theme: system, light or dark')
    expect(problem!.advice).toContain('preferences.damaged-1.json')
    expect(readFileSync(join(folder, 'preferences.damaged-1.json'), 'utf8')).toBe(damaged)
    expect(onDisk()).toEqual({textSizePx: 18, other: 1})
    // A page that comes later is not told again, nor is the next engine.
    await store.change({theme: 'dark'})
    const later = watchOf(store)
    await later.until((state) => state.preferences.theme === 'dark')
    expect([...later.states, ...page.states].filter((state) => state.problem)).toHaveLength(1)
    const next = watchOf(open())
    expect((await next.until(() => true)).problem).toBeNull()
  })

  it.each([
    ['half a file', '{"theme": "dark", "text', 'text that is not JSON'],
    ['an empty file', '', 'an empty file'],
    ['a list', '["dark"]', 'a list'],
    ['a text', '"dark"', 'the value "dark"'],
  ])('set %s aside', async (_, text, found) => {
    writeFileSync(join(folder, 'preferences.damaged-1.json'), 'of last week')
    write(text)
    const store = open()
    expect(store.current).toEqual(DEFAULT_PREFERENCES)
    const {problem} = await watchOf(store).until((state) => state.problem !== null)
    expect(problem).toMatchObject({code: 'preferences-damaged', found})
    expect(problem!.expected).toBeTruthy()
    expect(problem!.advice).toContain('preferences.damaged-2.json')
    expect(readFileSync(join(folder, 'preferences.damaged-1.json'), 'utf8')).toBe('of last week')
    expect(readFileSync(join(folder, 'preferences.damaged-2.json'), 'utf8')).toBe(text)
    await store.change({theme: 'light'})
    expect(onDisk()).toEqual({theme: 'light'})
  })

  it('set a folder of that name aside', async () => {
    mkdirSync(join(folder, 'preferences.json'))
    const store = open()
    const {problem} = await watchOf(store).until((state) => state.problem !== null)
    expect(problem).toMatchObject({code: 'preferences-damaged', found: 'a folder or a device'})
    expect(existsSync(join(folder, 'preferences.damaged-1.json'))).toBe(true)
  })

  it('hold and are told once where they cannot be written', async () => {
    // A file where the folder should be: nobody can write there, not even the superuser.
    writeFileSync(join(folder, 'state'), 'a file')
    const store = open(join(folder, 'state'))
    const page = watchOf(store)
    expect((await store.change({theme: 'dark'})).theme).toBe('dark')
    expect((await store.change({threads: 2})).threads).toBe(2)
    await page.until((state) => state.problem?.code === 'preferences-not-kept')
    rmSync(join(folder, 'state'))
    await store.change({colors: 'grey'})
    await page.until((state) => state.preferences.colors === 'grey')
    const codes = page.states.flatMap(({problem}) => (problem ? [problem.code] : []))
    expect(codes.filter((code) => code === 'preferences-not-kept')).toHaveLength(1)
    const kept = JSON.parse(readFileSync(join(folder, 'state/preferences.json'), 'utf8'))
    expect(kept).toEqual({theme: 'dark', threads: 2, colors: 'grey'})
  })
})

describe('two engines on one state folder', () => {
  it('see what the other sets, and each field has its last writer', async () => {
    const [one, two] = [open(), open()]
    const [first, second] = [watchOf(one), watchOf(two)]
    await one.change({theme: 'dark'})
    await second.until((state) => state.preferences.theme === 'dark')
    await two.change({textSizePx: 21})
    await first.until((state) => state.preferences.textSizePx === 21)
    await one.change({colors: 'grey'})
    expect(onDisk()).toEqual({theme: 'dark', textSizePx: 21, colors: 'grey'})
  })

  it('lose nothing when both write at once, again and again', async () => {
    const [one, two] = [open(), open()]
    const writes: Promise<unknown>[] = []
    for (let i = 0; i < 25; i++) {
      writes.push(one.change({textSizePx: 11 + (i % 16)}), two.change({threads: 1 + i}))
      if (i % 5 === 0) await writes.at(-1)
    }
    await Promise.all(writes)
    expect(onDisk()).toEqual({textSizePx: 11 + (24 % 16), threads: 25})
    expect(readdirSync(folder)).toEqual(['preferences.json'])
  })

  it('are not held up by the lock of one that was killed', async () => {
    const lock = join(folder, 'preferences.json.lock')
    writeFileSync(lock, '')
    utimesSync(lock, new Date(0), new Date(0))
    await open().change({theme: 'light'})
    expect(onDisk()).toEqual({theme: 'light'})
    expect(existsSync(lock)).toBe(false)
  })

  it('see what a person writes by hand', async () => {
    const store = open()
    await store.change({theme: 'dark'})
    write('{"theme": "light", "textSizePx": 16}')
    await watchOf(store).until((state) => state.preferences.textSizePx === 16)
    expect(store.current.theme).toBe('light')
  })
})
