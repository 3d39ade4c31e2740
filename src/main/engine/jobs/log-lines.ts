import {totalmem} from 'node:os'
import type {EngineStatus} from '../../../shared/contract/contract.ts'
import type {ModelInfo} from '../../../shared/domain/model.ts'
import {type Problem, ProblemError} from '../../../shared/domain/problem.ts'
import type {EngineOptions} from '../options.ts'
import {physicalCoreCount} from '../runtime/threads.ts'
import type {EngineLog} from './engine-log.ts'

/**
 * A problem as the log names it: its code, and the file it is in. Its words may quote what was typed,
 * or what a file holds, so they stay out.
 */
export function problemInBrief({code, file}: Problem): string {
  return file ? `${code} in ${file}` : code
}

/** Logs that something failed; a bug by its name alone, since its words may quote anything. */
export function logFailure(log: EngineLog, what: string, error: unknown): void {
  if (error instanceof ProblemError) {
    log.warning(`${what}: ${problemInBrief(error.problem)}`)
  } else {
    log.error(`${what}: ${error instanceof Error ? error.name : 'unknown failure'}`)
  }
}

/** What a log begins with: what this engine is, and where it runs. */
export function startLines(
  {startCount, stateFolder, lastExit}: EngineOptions,
  versions: EngineStatus['versions']
): string[] {
  const {platform, arch, version} = process
  const lines = [
    `engine ${versions.tokenscope}, process ${process.pid}, start ${startCount}: onnxruntime ${versions.onnxruntime}, Node ${version}, ${platform} ${arch}, ${physicalCoreCount()} cores, ${megabytes(totalmem())} of memory`,
    `state folder ${stateFolder ?? 'none'}`,
  ]
  // After a colon it may quote an error's own words.
  if (lastExit) lines.push(`the engine before it ${lastExit.split(':', 1)[0]}`)
  return lines
}

/** A model that is in memory now. */
export function loadedLine(info: ModelInfo, loadMs: number): string {
  const sizes = `${info.parameterCount ?? 'an unknown number of'} parameters as ${info.dtype}`
  return `loaded ${info.path}, ${info.file}: ${info.family}, ${sizes}, ${megabytes(info.memoryBytes)} of memory, ${info.threads} threads, in ${Math.round(loadMs)} ms`
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`
}
