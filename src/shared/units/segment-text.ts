import {segmentsOf} from './segments.ts'

/** Units that are found in the text itself. */
export type TextUnitKind = 'word' | 'sentence' | 'line' | 'paragraph'

const WHITE_SPACE = /^\s+$/u
const LINE_END = /\r\n|\n|\r/g
/** A line end and the blank lines after it. */
const PARAGRAPH_END = /(?:\r\n|\n|\r(?!\n))(?:[^\S\r\n]*(?:\r\n|\n|\r(?!\n)))+/g

/**
 * Where the units of a text begin, ascending, as UTF-16 indices; the first is 0, and each unit ends
 * where the next begins. Empty for an empty text.
 *
 * Words are the segments of `Intl.Segmenter` (UAX 29) that are not white space, so each punctuation
 * mark is a unit of its own; white space belongs to the word after it, at the end to the last one.
 * Sentences are the segmenter's, with the white space between two belonging to the second, as tokens
 * have it. A line ends with its line end. A paragraph ends with the blank lines after it.
 */
export function unitStarts(text: string, kind: TextUnitKind): number[] {
  if (text === '') return []
  switch (kind) {
    case 'word':
      return wordStarts(text)
    case 'sentence':
      return sentenceStarts(text)
    case 'line':
      return startsAfter(text, LINE_END)
    case 'paragraph':
      return startsAfter(text, PARAGRAPH_END)
  }
}

function wordStarts(text: string): number[] {
  const starts: number[] = []
  let spaceStart = -1
  for (const {segment, index} of segmentsOf(text, 'word')) {
    if (WHITE_SPACE.test(segment)) {
      if (spaceStart < 0) spaceStart = index
      continue
    }
    starts.push(spaceStart < 0 ? index : spaceStart)
    spaceStart = -1
  }
  return starts.length > 0 ? starts : [0]
}

function sentenceStarts(text: string): number[] {
  const starts: number[] = []
  let spaceStart = -1
  for (const {segment, index} of segmentsOf(text, 'sentence')) {
    const length = segment.trimEnd().length
    if (length > 0) {
      starts.push(spaceStart < 0 ? index : spaceStart)
      spaceStart = -1
    }
    if (length < segment.length && spaceStart < 0) spaceStart = index + length
  }
  return starts.length > 0 ? starts : [0]
}

function startsAfter(text: string, border: RegExp): number[] {
  const starts = [0]
  let isBlank = true
  let previous = 0
  for (const match of text.matchAll(border)) {
    const start = match.index + match[0].length
    // Blank lines before the first paragraph belong to it; an empty line is a line.
    isBlank &&= text.slice(previous, start).trim() === ''
    previous = start
    if (start < text.length && !(isBlank && border === PARAGRAPH_END)) starts.push(start)
  }
  return starts
}
