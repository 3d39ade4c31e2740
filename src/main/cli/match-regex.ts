import {existsSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {Worker} from 'node:worker_threads'
import {createRegexMatcher} from '../../shared/units/match-regex.ts'

/** Finds the matches of a regular expression in a thread, which is stopped when its time is over. */
export const matchRegex = createRegexMatcher(({answer, fail}) => {
  const thread = new Worker(threadPath())
  thread.on('message', answer)
  thread.on('error', fail)
  return {post: (query) => thread.postMessage(query), terminate: () => void thread.terminate()}
})

/**
 * The built thread: beside the built command, or one folder up where the bundler put this code in a
 * chunk. Tests run the sources, so they build it first and name it in `TOKENSCOPE_MATCH_THREAD`.
 */
function threadPath(): string {
  const named = process.env.TOKENSCOPE_MATCH_THREAD
  if (named) return named
  const here = dirname(fileURLToPath(import.meta.url))
  const candidates = [join(here, 'match-thread.js'), join(here, '..', 'match-thread.js')]
  const found = candidates.find((path) => existsSync(path))
  if (!found) throw new Error(`match-thread.js is not built: looked at ${candidates.join(', ')}`)
  return found
}
