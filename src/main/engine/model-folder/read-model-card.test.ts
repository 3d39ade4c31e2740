import {mkdir, mkdtemp, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {readModelCard} from './read-model-card.ts'

const newFolder = () => mkdtemp(join(tmpdir(), 'card-'))

describe('model card', () => {
  it('is the README of the folder, whatever the case of its name', async () => {
    const folder = await newFolder()
    await writeFile(join(folder, 'Readme.md'), '# Small\n\nKnows “quotes”.')
    const card = await readModelCard(folder)
    expect(card).toEqual({path: join(folder, 'Readme.md'), text: '# Small\n\nKnows “quotes”.'})
  })

  it('says where one was looked for', async () => {
    const folder = await newFolder()
    await expect(readModelCard(folder)).rejects.toMatchObject({
      problem: {code: 'no-model-card', file: folder, found: 'no README.md'},
    })
    await expect(readModelCard(join(folder, 'none'))).rejects.toMatchObject({
      problem: {code: 'not-found', file: join(folder, 'none')},
    })
  })

  it('a folder by that name is a problem and no crash', async () => {
    const folder = await newFolder()
    await mkdir(join(folder, 'README.md'))
    await expect(readModelCard(folder)).rejects.toMatchObject({
      problem: {file: join(folder, 'README.md')},
    })
  })

  it('one that is too long is cut between two characters', async () => {
    const folder = await newFolder()
    await writeFile(join(folder, 'README.md'), `a${'é'.repeat(300_000)}`)
    const {text} = await readModelCard(folder)
    expect(text).toBe(`a${'é'.repeat(256 * 1024 - 1)}`)
  })
})
