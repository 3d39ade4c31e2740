import {findMatches, type MatchAnswer, type MatchQuery} from '../../shared/units/find-matches.ts'

// The entry of a worker: whoever started it may end it at any time.
const say = (answer: MatchAnswer) => self.postMessage(answer)
self.onmessage = ({data}: MessageEvent<MatchQuery>) => say(findMatches(data))
say({kind: 'ready'})
