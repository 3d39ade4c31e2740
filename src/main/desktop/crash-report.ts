import {randomUUID} from 'node:crypto'
import {mkdirSync, readdirSync, renameSync, rmSync, writeFileSync} from 'node:fs'
import {arch, homedir, release, totalmem} from 'node:os'
import {join} from 'node:path'

/** What went down. */
export type CrashedPart = 'engine' | 'page' | 'main' | 'other-process'

/** What a crash report says; prompts and file contents are never part of it. */
export interface CrashReport {
  readonly version: 1
  /** ISO 8601, UTC. */
  readonly at: string
  readonly part: CrashedPart
  /** Half a sentence: “ran out of memory”. */
  readonly reason: string
  readonly exitCode: number | null
  /** Stack frames and the runtime's own messages, from the end of standard error. */
  readonly lastWords: readonly string[]
  readonly versions: Readonly<Record<string, string>>
  readonly platform: string
  readonly memoryBytes: number
}

export const MAX_REPORTS = 20
const MAX_LINES = 60
const MAX_LINE_LENGTH = 300
const NAME = /^crash-\d{4}-.*\.json$/
/** What runtimes say, as opposed to what a person typed and an error repeats. */
const RUNTIME_LINE =
  /^\s+at |^\s*\w*(?:Error|Exception)\b|^terminate called|^\s*what\(\)|^#|^FATAL|<---|heap|bad_alloc|[Aa]ssert|^Node\.js v|SIG[A-Z]{3,}|onnxruntime|^\s*\d+: 0x[0-9a-f]|^\s*0x[0-9a-f]{6,16}\b/

export function crashReport({
  part,
  reason,
  exitCode,
  lastWords,
  version,
}: {
  part: CrashedPart
  reason: string
  exitCode: number | null
  /** Raw; what may be somebody's text is left out. */
  lastWords: string
  version: string
}): CrashReport {
  const {electron, chrome, node, v8} = process.versions as Record<string, string | undefined>
  const versions = {tokenscope: version, electron, chrome, node, v8}
  return {
    version: 1,
    at: new Date().toISOString(),
    part,
    reason: withoutText(reason),
    exitCode,
    lastWords: runtimeLines(lastWords),
    versions: Object.fromEntries(
      Object.entries(versions).filter((entry): entry is [string, string] => entry[1] !== undefined)
    ),
    platform: `${process.platform} ${arch()} ${release()}`,
    memoryBytes: totalmem(),
  }
}

/** Lines that a runtime wrote, without what stands in quotes and without the person's home folder. */
export function runtimeLines(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => RUNTIME_LINE.test(line))
    .slice(-MAX_LINES)
    .map(withoutText)
}

function withoutText(line: string): string {
  return (
    line
      .replaceAll(homedir(), '~')
      // JSON.parse and its like repeat what they could not read.
      .replace(/“[^”]*”?|"(?:[^"\\]|\\.)*"?|`[^`]*`?|(?<![A-Za-z])'(?:[^'\\]|\\.)*'?/g, '“…”')
      .slice(0, MAX_LINE_LENGTH)
  )
}

/** Names of the reports in a folder, the oldest first. */
export function reportNames(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => NAME.test(name))
      .sort()
  } catch {
    return []
  }
}

/** Writes a report and removes all but the last twenty. Returns its path; null where it could not be. */
export function writeReport(folder: string, report: CrashReport): string | null {
  // Sorted by name they are sorted by time; two in one millisecond keep both.
  const name = `crash-${report.at.replaceAll(':', '-')}-${report.part}-${randomUUID().slice(0, 4)}.json`
  const path = join(folder, name)
  try {
    mkdirSync(folder, {recursive: true})
    writeFileSync(`${path}.tmp`, `${JSON.stringify(report, null, 2)}\n`)
    renameSync(`${path}.tmp`, path)
    for (const old of reportNames(folder).slice(0, -MAX_REPORTS)) rmSync(join(folder, old))
    return path
  } catch (error) {
    console.error(`A crash report could not be written: ${(error as Error).message}`)
    return null
  }
}
