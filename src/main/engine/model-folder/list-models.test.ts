import {mkdir, readdir, readFile, rm, symlink, utimes, writeFile} from 'node:fs/promises'
import {homedir} from 'node:os'
import {dirname, join} from 'node:path'
import {afterEach, beforeEach, describe, expect, it} from 'vitest'
import {copyTinyModel, type TemporaryFolder, temporaryFolder} from '../../../../fixtures/broken.ts'
import {tinyDecoderFiles, writeModelFiles} from '../../../../fixtures/tiny-models.ts'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {problemOfFileError} from './file-problems.ts'
import {findCachedModel, hubCacheFolder, listCachedModels} from './hub-cache.ts'
import {listFolder} from './list-folder.ts'
import {listModels, type ModelPlaces} from './list-models.ts'
import {readModelFolder} from './read-model-folder.ts'
import {Recents} from './recents.ts'
import {resolveModelRef} from './resolve-model-ref.ts'

let temporary: TemporaryFolder
let places: ModelPlaces & {cacheFolder: string; currentFolder: string}
beforeEach(async () => {
  temporary = await temporaryFolder()
  places = {
    builtinModelsFolder: join(temporary.path, 'builtin'),
    cacheFolder: join(temporary.path, 'cache'),
    currentFolder: temporary.path,
    recents: [],
  }
})
afterEach(() => temporary.remove())

const COMMIT = 'a'.repeat(40)

/** A model as the hub's libraries cache it: files are links into `blobs`. */
async function writeCachedModel(id: string, commit = COMMIT, hasMain = true): Promise<string> {
  const root = join(places.cacheFolder, `models--${id.replace('/', '--')}`)
  const snapshot = join(root, 'snapshots', commit)
  let blobCount = 0
  for (const [name, content] of tinyDecoderFiles({hasKvCache: true})) {
    const blob = join(root, 'blobs', `blob${blobCount++}`)
    await writeModelFiles(join(root, 'blobs'), new Map([[`blob${blobCount - 1}`, content]]))
    await mkdir(dirname(join(snapshot, name)), {recursive: true})
    await symlink(blob, join(snapshot, name))
  }
  await mkdir(join(root, 'refs'), {recursive: true})
  if (hasMain) await writeFile(join(root, 'refs', 'main'), commit)
  return snapshot
}

describe('the hub cache', () => {
  it('lies where the environment says', () => {
    expect(hubCacheFolder({HF_HUB_CACHE: '/a', HF_HOME: '/b'})).toBe('/a')
    expect(hubCacheFolder({HF_HOME: '/b'})).toBe(join('/b', 'hub'))
    expect(hubCacheFolder({XDG_CACHE_HOME: '/x'})).toBe(join('/x', 'huggingface', 'hub'))
    expect(hubCacheFolder({})).toBe(join(homedir(), '.cache', 'huggingface', 'hub'))
    expect(hubCacheFolder({HF_HOME: '~/hf'})).toBe(join(homedir(), 'hf', 'hub'))
  })

  it('gives the snapshot of main, else the newest', async () => {
    const main = await writeCachedModel('org/first--model')
    await writeCachedModel('org/first--model', 'b'.repeat(40), false)
    expect(await listCachedModels(places.cacheFolder)).toEqual([
      {id: 'org/first--model', path: main},
    ])
    const old = await writeCachedModel('org/second', 'c'.repeat(40), false)
    const fresh = await writeCachedModel('org/second', 'd'.repeat(40), false)
    await utimes(old, new Date(1000), new Date(1000))
    expect(await findCachedModel(places.cacheFolder, 'org/second')).toBe(fresh)
    expect(await findCachedModel(places.cacheFolder, 'org/third')).toBeNull()
    expect(await findCachedModel(places.cacheFolder, '../second')).toBeNull()
  })

  it('is opened through its links', async () => {
    const path = await writeCachedModel('org/name')
    const folder = await readModelFolder(path, {id: 'org/name', source: 'cache'})
    expect(folder.layerCount).toBe(2)
  })
})

describe('listing models', () => {
  it('lists built-in, recent and cached models, each with its source', async () => {
    await copyTinyModel('tiny-decoder-kv', join(places.builtinModelsFolder, 'micro'))
    await writeCachedModel('org/name')
    await mkdir(join(places.cacheFolder, `models--org--torch/snapshots/${COMMIT}`), {
      recursive: true,
    })
    const own = await copyTinyModel('tiny-encoder', join(temporary.path, 'mine'))
    const listings = await listModels({...places, recents: [own, join(temporary.path, 'gone')]})
    expect(listings.map(({id, source, kind}) => [id, source, kind])).toEqual([
      ['micro', 'builtin', 'decoder'],
      ['mine', 'recent', 'encoder'],
      ['org/name', 'cache', 'decoder'],
    ])
    expect(listings[0]?.problem).toBeNull()
    expect(listings[1]?.problem?.code).toBe('model-is-encoder')
  })

  it('finds nothing where there is nothing', async () => {
    expect(await listModels(places)).toEqual([])
  })
})

describe('a model reference', () => {
  it('is a built-in id, a folder, a file, a cached name or a recent name', async () => {
    const builtin = await copyTinyModel(
      'tiny-decoder-kv',
      join(places.builtinModelsFolder, 'micro')
    )
    const cached = await writeCachedModel('org/name')
    const own = await copyTinyModel('tiny-decoder-plain', join(temporary.path, 'mine'))
    const resolve = (model: string, file?: string) =>
      resolveModelRef({model, file}, {...places, recents: [own]})
    expect(await resolve('micro')).toMatchObject({id: 'micro', path: builtin, source: 'builtin'})
    expect(await resolve(builtin)).toMatchObject({id: 'micro', source: 'builtin'})
    expect(await resolve('org/name')).toMatchObject({id: 'org/name', path: cached})
    expect(await resolve(cached)).toMatchObject({id: 'org/name', source: 'cache'})
    expect(await resolve('./mine')).toMatchObject({id: 'mine', path: own})
    expect(await resolve('mine', 'onnx/model.onnx')).toMatchObject({
      path: own,
      file: 'onnx/model.onnx',
    })
    expect(await resolve(join(own, 'onnx', 'model.onnx'))).toMatchObject({
      path: own,
      file: 'onnx/model.onnx',
    })
    const elsewhere = {...places, recents: [own], currentFolder: '/'}
    expect(await resolveModelRef({model: 'mine'}, elsewhere)).toMatchObject({path: own})
  })

  it('says what there is where nothing fits', async () => {
    await copyTinyModel('tiny-decoder-kv', join(places.builtinModelsFolder, 'micro'))
    await writeCachedModel('org/name')
    const action = resolveModelRef({model: 'org/other'}, places)
    await expect(action).rejects.toBeInstanceOf(ProblemError)
    await expect(action).rejects.toMatchObject({
      problem: {
        code: 'model-not-found',
        file: join(temporary.path, 'org/other'),
        expected: 'one of micro, org/name, or a model folder',
        advice: expect.stringContaining('tokenscope models'),
      },
    })
  })
})

describe('listing a folder', () => {
  it('sorts folders before files, marks models, and leaves hidden files out', async () => {
    await copyTinyModel('tiny-decoder-kv', join(temporary.path, 'model10'))
    await copyTinyModel('tiny-vision', join(temporary.path, 'Model9'))
    await mkdir(join(temporary.path, 'empty'))
    await mkdir(join(temporary.path, '.hidden'))
    await writeFile(join(temporary.path, 'a.txt'), '')
    await symlink(join(temporary.path, 'nowhere'), join(temporary.path, 'broken-link'))
    await symlink(join(temporary.path, 'model10'), join(temporary.path, 'zlink'))
    const listing = await listFolder(temporary.path, places)
    expect(listing.entries.map(({name, kind}) => [name, kind])).toEqual([
      ['empty', 'folder'],
      ['Model9', 'model'],
      ['model10', 'model'],
      ['zlink', 'model'],
      ['a.txt', 'file'],
    ])
    expect(listing.path).toBe(temporary.path)
    expect(listing.parent).toBe(dirname(temporary.path))
    expect(listing.model).toBeNull()
    expect(listing.places[0]).toEqual({name: 'Home', path: homedir()})
    const inside = await listFolder(join(temporary.path, 'model10'), places)
    expect(inside.model).toMatchObject({kind: 'decoder', problem: null, id: 'model10'})
  })

  it('starts at home, and ends at the root', async () => {
    expect((await listFolder(undefined, places)).path).toBe(homedir())
    expect((await listFolder('~', places)).path).toBe(homedir())
    expect((await listFolder('/', places)).parent).toBeNull()
  })

  it('says why a folder cannot be read', async () => {
    const file = join(temporary.path, 'a.txt')
    await writeFile(file, '')
    for (const [path, code] of [
      [join(temporary.path, 'gone'), 'not-found'],
      [file, 'not-a-folder'],
    ] as const) {
      await expect(listFolder(path, places)).rejects.toMatchObject({
        problem: {code, file: path, found: expect.any(String), advice: expect.any(String)},
      })
    }
    // Tests may run as a user who may read everything, so the error is handed in.
    const denied = Object.assign(new Error('EACCES'), {code: 'EACCES'})
    expect(problemOfFileError(denied, '/x', 'The folder')).toMatchObject({
      problem: {code: 'no-permission', file: '/x'},
    })
    const bug = new TypeError('not a file error')
    expect(problemOfFileError(bug, '/x', 'The folder')).toBe(bug)
  })
})

describe('recent folders', () => {
  it('are kept, the last first, each once, at most twelve', async () => {
    const state = join(temporary.path, 'state')
    const recents = new Recents(state)
    expect(await recents.read()).toEqual({folders: [], warning: null})
    await Promise.all(Array.from({length: 14}, (_, i) => recents.add(`/m${i}`)))
    await recents.add('/m5')
    const {folders} = await new Recents(state).read()
    expect(folders.slice(0, 3)).toEqual(['/m5', '/m13', '/m12'])
    expect(folders.length).toBe(12)
    expect(new Set(folders).size).toBe(12)
    expect(await readdir(state)).toEqual(['recents.json'])
  })

  it('take a folder off the list, one that is not on it too', async () => {
    const recents = new Recents(join(temporary.path, 'state'))
    await Promise.all([
      recents.add('/a'),
      recents.add('/b'),
      recents.add('/c'),
      recents.remove('/b'),
    ])
    await recents.remove('/never')
    expect((await recents.read()).folders).toEqual(['/c', '/a'])
  })

  it('set a damaged list aside, name it, and start anew', async () => {
    for (const damaged of ['{"version": 1, "folders": [', '[]', '{"version": 9}']) {
      await writeFile(join(temporary.path, 'recents.json'), damaged)
      const recents = new Recents(temporary.path)
      const {folders, warning} = await recents.add('/m')
      expect(folders).toEqual(['/m'])
      const [aside] = (await readdir(temporary.path)).filter((name) => name.includes('damaged'))
      expect(warning?.message).toContain(aside)
      expect(await readFile(join(temporary.path, aside!), 'utf8')).toBe(damaged)
      expect(await recents.read()).toEqual({folders: ['/m'], warning: null})
      await rm(join(temporary.path, aside!))
    }
  })

  it('are forgotten without a state folder', async () => {
    const recents = new Recents(null)
    await recents.add('/a')
    expect((await recents.read()).folders).toEqual(['/a'])
    expect((await new Recents(null).read()).folders).toEqual([])
  })
})
