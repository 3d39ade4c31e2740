import {readFileSync} from 'node:fs'
import {availableParallelism} from 'node:os'

/** Physical cores that this process may use: a second thread on one core only slows a run. */
export function physicalCoreCount(): number {
  const available = availableParallelism()
  return Math.max(1, Math.min(available, listedCoreCount() ?? available))
}

/** Linux lists each logical processor with its package and core; null where nothing is listed. */
function listedCoreCount(): number | null {
  try {
    const cores = new Set<string>()
    let packageId = ''
    for (const line of readFileSync('/proc/cpuinfo', 'utf8').split('\n')) {
      const value = line.slice(line.indexOf(':') + 1).trim()
      if (line.startsWith('physical id')) packageId = value
      else if (line.startsWith('core id')) cores.add(`${packageId}/${value}`)
    }
    return cores.size > 0 ? cores.size : null
  } catch {
    // Other systems have no such file; an Apple chip runs one thread a core anyway.
    return null
  }
}
