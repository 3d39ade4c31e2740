// Walks what was built for plain Node and fails on anything that only Electron, or only a checkout, could
// resolve: `node scripts/check-bundles.mjs [OUT]`. Requiring the package `electron` starts its download.
import {existsSync, readFileSync} from 'node:fs'
import {builtinModules} from 'node:module'
import {dirname, join, relative, resolve} from 'node:path'

const root = resolve(import.meta.dirname, '..')
const ENTRIES = [
  'serve.js',
  'cli.js',
  'engine.js',
  'session-worker.js',
  'matrix-worker.js',
  'checker-worker.js',
  'text-worker.js',
  'match-thread.js',
]
const {dependencies} = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const BUILTINS = new Set(builtinModules)

const IMPORTS = [
  /(?:^|[;}\n])\s*(?:import|export)\s*(?:[\w*{}\s,$]+?\bfrom\s*)?["']([^"'\n]+)["']/g,
  /\bimport\(\s*["'`]([^"'`\n]+)["'`]\s*\)/g,
  /\brequire\(\s*["']([^"'\n]+)["']\s*\)/g,
]

/** Every problem of the entries under `out/main` and of what they import. */
export function checkBundles(folder) {
  const problems = []
  const seen = new Set()
  const visit = (file, entry) => {
    if (seen.has(`${entry} ${file}`)) return
    seen.add(`${entry} ${file}`)
    if (!existsSync(file)) {
      problems.push(`${entry}: ${relative(folder, file)} was not built`)
      return
    }
    // Bundled packages speak of their own files in comments.
    const text = readFileSync(file, 'utf8').replace(/^\s*(?:\*|\/\/|\/\*).*$/gm, '')
    for (const [, specifier] of IMPORTS.flatMap((pattern) => [...text.matchAll(pattern)])) {
      if (specifier.startsWith('.')) visit(resolve(dirname(file), specifier), entry)
      else checkPackage(specifier, file, entry)
    }
  }
  const checkPackage = (specifier, file, entry) => {
    const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
    if (specifier.startsWith('node:') || BUILTINS.has(name)) return
    const where = `${entry}: ${relative(folder, file)} imports ${specifier}`
    if (name === 'electron') problems.push(`${where}, which exists in Electron alone`)
    // What is not a dependency is bundled, or it would be missing from an installed package.
    else if (!(name in dependencies)) problems.push(`${where}, which package.json does not install`)
  }
  for (const entry of ENTRIES) visit(join(folder, entry), entry)
  return problems
}

if (process.argv[1] === import.meta.filename) {
  const problems = checkBundles(resolve(process.argv[2] ?? join(root, 'out/main')))
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exitCode = 1
}
