import {parentPort} from 'node:worker_threads'
import {findMatches, type MatchAnswer, type MatchQuery} from '../../shared/units/find-matches.ts'

// The entry of a thread: whoever started it may end it at any time.
const say = (answer: MatchAnswer) => parentPort!.postMessage(answer)
parentPort!.on('message', (query: MatchQuery) => say(findMatches(query)))
say({kind: 'ready'})
