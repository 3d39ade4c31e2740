// One locale for everybody, so that the same text is cut the same way on every machine.
const LOCALE = 'en'
/** UTF-16 units that the segmenter is given at once. */
const WINDOW = 2048
/** Borders this near to a window's end may depend on what follows it; the fourth part of small windows. */
const MARGIN = 256
/** The last two sentences of a window may end elsewhere when more of the text is seen. */
const OPEN_SENTENCES = 2

/** A segment of a text, with its UTF-16 index. */
export interface Segment {
  readonly segment: string
  readonly index: number
}

/**
 * Segments of `Intl.Segmenter` (UAX 29), in time linear in the text: before V8 12.4 (Node 20 among
 * them) its time grows with the square of the length (https://issues.chromium.org/issues/326176949),
 * so it is given windows of the text. A window ends where words end that no later character changes, at
 * best beside punctuation or white space, since scripts that are cut by a dictionary are cut as a whole.
 */
export function* segmentsOf(
  text: string,
  granularity: 'word' | 'sentence',
  windowLength: number = WINDOW
): Generator<Segment> {
  const segmenter = new Intl.Segmenter(LOCALE, {granularity})
  let from = 0
  let length = windowLength
  while (from < text.length) {
    const to = Math.min(text.length, from + length)
    const found = [...segmenter.segment(text.slice(from, to))]
    const isAtEnd = to === text.length
    const sureCount =
      granularity === 'word' ? sureWordCount(found, to - from) : found.length - OPEN_SENTENCES
    const count = isAtEnd ? found.length : sureCount
    if (count <= 0) {
      length *= 2
      continue
    }
    for (const {segment, index} of found.slice(0, count)) yield {segment, index: from + index}
    from = isAtEnd ? to : from + found[count]!.index
    length = windowLength
  }
}

/** How many words from a window's start are the same whatever follows the window. */
function sureWordCount(found: readonly Intl.SegmentData[], windowLength: number): number {
  const mostIndex = windowLength - Math.min(MARGIN, windowLength / 4)
  let last = found.length - 1
  while (last > 0 && found[last]!.index > mostIndex) last -= 1
  for (let i = last; i > 0; i--) {
    if (!found[i]!.isWordLike || !found[i - 1]!.isWordLike) return i
  }
  return last
}
