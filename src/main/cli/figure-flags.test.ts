import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {paletteOf} from '../../shared/figures/palette.ts'
import {cli, fileIn, testFolder} from './test-run-cli.ts'

const folder = testFolder()
const fileOf = (name: string, content: string | Uint8Array) => fileIn(folder, name, content)

describe('units and pins of figures', () => {
  const write = async (name: string, ...flags: string[]) => {
    const path = join(folder, name)
    const result = await cli('tokens', '--prompt', 'a', '--out', path, ...flags)
    return {...result, read: () => readFileSync(path, 'utf8')}
  }

  test('matches, pins and the scale reach the figure', async () => {
    const unit = await write(
      'unit.svg',
      '--unit',
      'regex/i:hEL+',
      '--pin',
      '1',
      '--palette',
      'ocean'
    )
    expect([unit.exitCode, unit.error.includes('warning (unit')]).toEqual([0, false])
    const svg = unit.read()
    expect(svg).toContain('surprisal, sum over matches')
    expect(svg).toContain('outside: ')
    expect(svg).toContain('data-pin="1"')
    expect(svg).toContain(paletteOf('light', 'ocean').sequential[5]!)
    const json = await write('unit.json', '--unit', 'regex/i:hEL+', '--pin', '1,0>1')
    const {units, pins, pairs} = JSON.parse(json.read())
    expect([pins, pairs]).toEqual([[1], [{from: 0, to: 1}]])
    const rows = units.map((unit: {role: string; byteStart: number; byteEnd: number}) => [
      unit.role,
      unit.byteStart,
      unit.byteEnd,
    ])
    // The begin token, 'Hell' of 'Hello', and 'o' with the newline.
    expect(rows).toEqual([
      ['special', 0, 0],
      ['unit', 0, 4],
      ['outside', 4, 6],
    ])
  })

  test('a config file has them under the same names', async () => {
    const config = fileOf('unit.yaml', 'command: tokens\nunit: word\npin: [1, 2]\npalette: grey\n')
    const {read} = await write('config.json', '--config', config)
    const result = JSON.parse(read())
    expect([result.unit, result.pins]).toEqual([{kind: 'word'}, [1, 2]])
  })

  test('an expression that cannot be read is one message and exit 1', async () => {
    const {exitCode, error} = await write('bad.svg', '--unit', 'regex:(')
    expect(exitCode).toBe(1)
    expect(error).toContain('The regular expression cannot be read.\n  at        unit\n')
  })

  test('what has no effect says so', async () => {
    const warningOf = async (...flags: string[]) => (await write('w.svg', ...flags)).error
    expect(await warningOf('--unit', 'turn')).toContain('warning (unit-no-turn)')
    expect(await warningOf('--unit', 'regex:zz')).toContain('warning (unit-no-match)')
    expect(await warningOf('--unit', 'spans:2-99')).toContain('warning (unit-span-beyond)')
    const beyond = await write('pin.svg', '--pin', '2,3')
    expect([beyond.exitCode, beyond.error]).toEqual([
      2,
      expect.stringContaining('from 0 to 2, not “3”'),
    ])
  })
})
