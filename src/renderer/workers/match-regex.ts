import type {MatchAnswer} from '../../shared/units/find-matches.ts'
import {createRegexMatcher} from '../../shared/units/match-regex.ts'

/** Finds the matches of a regular expression in a worker, which is stopped when its time is over. */
export const matchRegex = createRegexMatcher(({answer, fail}) => {
  const worker = new Worker(new URL('./match-thread.ts', import.meta.url), {type: 'module'})
  worker.onmessage = ({data}: MessageEvent<MatchAnswer>) => answer(data)
  worker.onerror = (event) =>
    fail(new Error(`the worker that looks for matches failed: ${event.message}`))
  return {post: (query) => worker.postMessage(query), terminate: () => worker.terminate()}
})
