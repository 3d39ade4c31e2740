import {spawnSync} from 'node:child_process'
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {afterEach, expect, test} from 'vitest'

let root = ''
afterEach(() => rmSync(root, {recursive: true, force: true}))

/** Runs the check on a tree with these files. */
function check(files: Record<string, string>) {
  root = mkdtempSync(join(tmpdir(), 'tokenscope-imports-'))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), {recursive: true})
    writeFileSync(join(root, path), text)
  }
  const script = join(import.meta.dirname, 'check-imports.mjs')
  const {status, stderr} = spawnSync(process.execPath, [script, root], {encoding: 'utf8'})
  return {status, lines: stderr.split('\n').filter(Boolean)}
}

test.each([
  ['src/main/engine/engine.ts', `import {app} from 'electron'`, 'neither Electron'],
  ['src/main/engine/a.ts', `import type {App} from 'electron'`, 'neither Electron'],
  [
    'src/main/engine/lenses/a.ts',
    `import * as ort from 'onnxruntime-node'`,
    'only through runtime',
  ],
  ['src/main/engine/a.ts', `const a = await import('../serve.ts')`, 'nor the hosts'],
  ['src/renderer/app/a.tsx', `import {x} from '../../main/engine/engine.ts'`, 'the contract alone'],
  ['src/renderer/app/a.tsx', `import {\n  readFile,\n} from 'node:fs'`, 'no Node'],
  ['src/renderer/app/a.tsx', `import 'fs'`, 'no Node'],
  ['src/renderer/lenses/a/panel.tsx', `import {x} from '../b/panel.tsx'`, 'another lens’s folder'],
  ['src/renderer/store/a.ts', `import {useState} from 'react'`, 'no React'],
  ['src/renderer/ui/a.tsx', `import {x} from '../store/a.ts'`, 'neither the store'],
  ['src/shared/figures/a/figure.tsx', `import {useState} from 'react'`, 'no hooks'],
  ['src/shared/figures/a/figure.tsx', `import {type ReactNode, memo} from 'react'`, 'no hooks'],
  ['src/shared/figures/a/figure.tsx', `import {x} from '../../../renderer/store/a.ts'`, 'no store'],
  ['src/shared/domain/a.ts', `import {join} from 'node:path'`, 'no Electron, Node'],
  ['src/main/serve.ts', `import {createBlobs} from './engine/blobs.ts'`, 'fork the built engine'],
  ['src/main/cli.ts', `export {x} from './desktop/window.ts'`, 'without Electron'],
  ['src/main/desktop/a.ts', `import {x} from '../engine/blobs.ts'`, 'take the window down'],
  ['src/main/preload.ts', `import {contract} from '../shared/contract/contract.ts'`, 'sandboxed'],
  ['src/main/engine/a.test.ts', `import {app} from 'electron'`, 'neither Electron'],
  ['src/other/a.ts', `import 'zod'`, 'no rule says'],
])('%s: %s is refused with the reason', (path, text, reason) => {
  const {status, lines} = check({[path]: `${text}\n`})
  expect(lines).toHaveLength(1)
  expect(lines[0]).toContain(path)
  expect(lines[0]).toContain(reason)
  expect(status).toBe(1)
})

test('what the rules allow passes, comments and strings included', () => {
  const {status, lines} = check({
    'src/main/engine/runtime/a.ts': `import * as ort from 'onnxruntime-node'\n`,
    'src/main/serve.ts': `import type {EngineOptions} from './engine/options.ts'\n`,
    'src/main/engine/a.ts': `// import {app} from 'electron'\n/* import 'electron'\n*/\nimport {z} from 'zod'\n`,
    'src/renderer/lenses/a/panel.tsx': `import {x} from '../lens.ts'\nimport './a.css'\n`,
    'src/shared/figures/a/figure.tsx': `import {type ReactNode, Fragment} from 'react'\n`,
    'src/main/engine/a.test.ts': `import {expect} from 'vitest'\n`,
  })
  expect(lines).toEqual([])
  expect(status).toBe(0)
})
