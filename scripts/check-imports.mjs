// Holds the sources to import-rules.mjs. `node scripts/check-imports.mjs [ROOT]` prints each import that
// breaks a rule with the rule's reason, and exits with 1 if there is any.
import {readdirSync, readFileSync} from 'node:fs'
import {builtinModules} from 'node:module'
import {dirname, join, relative, resolve, sep} from 'node:path'
import {RULES, TEST_FILES, TEST_MAY, TYPES_OF} from './import-rules.mjs'

const BUILTINS = new Set(builtinModules)
const STATEMENTS = [
  /^\s*(?:import|export)\s+(?<type>type\s)?(?<names>[^'";]*?)\s*from\s*['"](?<from>[^'"]+)['"]/gm,
  /^\s*import\s*['"](?<from>[^'"]+)['"]/gm,
  /\b(?:import|require)\(\s*['"](?<from>[^'"]+)['"]/g,
]

/** Every import of a source text: from where, which names, and whether types are all it takes. */
export function importsOf(text) {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
  return STATEMENTS.flatMap((statement) => [...code.matchAll(statement)]).map(({groups}) => {
    const names = (groups.names ?? '')
      .split(/[{},]/)
      .map((name) => name.trim())
      .filter(Boolean)
    const isTypeOnly =
      Boolean(groups.type) || (names.length > 0 && names.every((name) => name.startsWith('type ')))
    return {specifier: groups.from, names, isTypeOnly}
  })
}

/** What is wrong with one import of a file (its path from the root), in words; null where nothing is. */
export function problemOf(file, {specifier, names, isTypeOnly}) {
  const rule = RULES.find(({from}) => matches(from, file))
  if (!rule) return `${file}: no rule says what it may import`
  const target = targetOf(file, specifier)
  const wrong = (what) => `${file}: may not import ${what}. ${rule.name}: ${rule.why}.`

  if (TEST_FILES.test(file) && matches(TEST_MAY, target)) return null
  if (/\.css(?:\?.*)?$/.test(target) && file.startsWith('src/renderer/')) return null
  if (isTypeOnly && matches([...(rule.types ?? []), ...TYPES_OF], target)) return null
  const [, folder = ''] = rule.from.map((from) => patternOf(from).exec(file)).find(Boolean)
  const may = rule.may.map((pattern) => pattern.replace('{1}', folder))
  if (!matches(may, target)) return wrong(specifier)
  if (isTypeOnly) return null
  if (matches(rule.never ?? [], target)) return wrong(specifier)
  const neverNames = rule.neverNames?.[target] ?? []
  const name = names.find((candidate) => neverNames.some((pattern) => pattern.test(candidate)))
  return name ? wrong(`${name} of ${specifier}`) : null
}

/** An import as a path from the root, `node:fs`, or a package with its entry. */
function targetOf(file, specifier) {
  if (BUILTINS.has(specifier)) return `node:${specifier}`
  if (!specifier.startsWith('.')) return specifier
  return relative('/', resolve('/', dirname(file), specifier))
    .split(sep)
    .join('/')
}

const matches = (patterns, target) => patterns.some((pattern) => patternOf(pattern).test(target))

function patternOf(pattern) {
  const source = pattern
    .split(/(\*\*|\*)/)
    .map((part) =>
      part === '**' ? '.+' : part === '*' ? '([^/]+)' : part.replace(/[.+^$()|[\]\\]/g, '\\$&')
    )
    .join('')
  return new RegExp(`^${source}$`)
}

/** The problems of every source file under `root/src`, one a line. */
export function checkImports(root) {
  return readdirSync(join(root, 'src'), {recursive: true})
    .map((name) => `src/${name.split(sep).join('/')}`)
    .filter((path) => /\.tsx?$/.test(path))
    .sort()
    .flatMap((path) =>
      importsOf(readFileSync(join(root, path), 'utf8')).map((found) => problemOf(path, found))
    )
    .filter((problem) => problem !== null)
}

if (process.argv[1] === import.meta.filename) {
  const problems = checkImports(resolve(process.argv[2] ?? join(import.meta.dirname, '..')))
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exitCode = 1
}
