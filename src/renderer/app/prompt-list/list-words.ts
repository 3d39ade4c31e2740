import {
  formatCount,
  formatFixed,
  formatMany,
  formatProb,
} from '../../../shared/figures/number-format.ts'
import {wilsonInterval} from '../../../shared/math/wilson.ts'
import type {ListEntry, ListSummary} from '../../store/list-entries.ts'

const MOST_WRONG_NAMED = 3
/** Where a number and its sign may not be parted. */
const NO_BREAK = '\u00a0'

/** `98.1 %` of right answers; null where none was judged. */
export function shareText({rightCount, judgedCount}: ListSummary): string | null {
  return judgedCount === 0 ? null : percent(rightCount / judgedCount)
}

/** `90.1 to 99.7 %`: where the share of right answers lies, as if the rows were drawn by chance. */
export function intervalText({rightCount, judgedCount}: ListSummary): string | null {
  if (judgedCount === 0) return null
  const [low, high] = wilsonInterval(rightCount, judgedCount)
  return `${formatFixed(100 * low, 1)} to ${percent(high)}`
}

/**
 * The list in a few sentences: how far it is; of the rows with an answer how many were right, with the
 * interval of that share; what could not be judged; and the wrong rows where they are few.
 */
export function listWords(summary: ListSummary, entries: readonly ListEntry[]): string {
  const {total, doneCount, judgedCount, rightCount, noAnswerCount, cutCount, counts} = summary
  const first = [`${formatMany(total, 'prompt')}, ${formatCount(doneCount)} done`]
  if (counts.failed > 0) first.push(`${formatCount(counts.failed)} failed`)
  if (counts.stale > 0) first.push(`${formatCount(counts.stale)} stale, of other parameters`)
  const sentences = [`${first.join(', ')}.`]
  if (judgedCount > 0) {
    const wrongCount = judgedCount - rightCount
    const cut = cutCount > 0 ? `, ${formatCount(cutCount)} cut before the answer’s end` : ''
    sentences.push(
      `Of ${formatMany(judgedCount + cutCount, 'row')} with an answer ${formatCount(rightCount)} right, ${formatCount(wrongCount)} wrong${cut}: ${shareText(summary)} right, 95${NO_BREAK}% interval ${intervalText(summary)}.`
    )
    if (noAnswerCount > 0) {
      sentences.push(
        `${formatMany(noAnswerCount, 'row')} ${noAnswerCount === 1 ? 'has' : 'have'} no answer.`
      )
    }
  } else if (cutCount > 0) {
    sentences.push(
      `None is judged: ${formatMany(cutCount, 'completion')} ${cutCount === 1 ? 'ends' : 'end'} before the answer does.`
    )
  }
  const wrong = wrongWords(entries)
  if (wrong) sentences.push(wrong)
  return sentences.join(' ')
}

const percent = (share: number) => `${formatFixed(100 * share, 1)}${NO_BREAK}%`

/** Names wrong rows where they are few, and says where they are also those that the model was least sure of. */
function wrongWords(entries: readonly ListEntry[]): string | null {
  const wrong = entries.filter(({status}) => status === 'wrong')
  if (wrong.length === 0 || wrong.length > MOST_WRONG_NAMED) return null
  const names = wrong.map(({number}) => `#${formatCount(number)}`)
  const listed =
    names.length === 1 ? names[0] : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
  // Sums of logarithms tell apart what rounds to the same probability.
  const sureness = ({result}: ListEntry) => result?.answer?.logprob ?? 0
  const leastSureRight = entries
    .filter(({status}) => status === 'right')
    .reduce<number | null>((least, entry) => Math.min(least ?? 0, sureness(entry)), null)
  const areLeastSure =
    leastSureRight !== null && wrong.every((entry) => sureness(entry) < leastSureRight)
  if (names.length === 1) {
    if (leastSureRight === null) return null
    return `The wrong one, ${listed}, is ${areLeastSure ? 'also' : 'not'} the least sure.`
  }
  return areLeastSure
    ? `The wrong ones, ${listed}, are also the least sure.`
    : `The wrong ones are ${listed}.`
}

/** `#15 25 + 49 =: answer probability 0.10, mean surprisal 2.99 bits per token, wrong`. */
export function markWords({row, number, result, status}: ListEntry): string {
  const words = row.prompt.length > 60 ? `…${row.prompt.slice(-60)}` : row.prompt
  const prob = formatProb(result?.answer?.prob)
  const bits = formatFixed(result?.meanSurprisalBits, 2)
  const judged = status === 'done' ? 'not judged' : status
  return `#${formatCount(number)} ${words.replace(/\s+/gu, ' ').trim()} · probability ${prob} · ${bits} bits per token · ${judged}`
}
