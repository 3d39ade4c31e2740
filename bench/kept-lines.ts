import {existsSync, readFileSync} from 'node:fs'

/** What a bench that can be resumed has kept so far, a JSON record a line; none where the file is not there. */
export function keptLines<Line>(path: string): Line[] {
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').trim().split('\n').filter(Boolean)
  return lines.map((line) => JSON.parse(line) as Line)
}
