import {flowText, type PlacedSpan} from './text-flow.ts'
import type {CaptionPart} from './tokens/caption.ts'

/** Lines of words above a figure: title, caption, guard. */
export interface WordLine {
  readonly role: 'title' | 'caption' | 'guard'
  readonly yPx: number
  readonly spans: readonly PlacedSpan[]
}

const LINE_PX = {title: 20, caption: 20, guard: 16} as const
/** Sizes of the words above a figure, in pixels. */
export const WORD_SIZE_PX = {title: 15, caption: 13, guard: 11} as const

export interface Words {
  readonly title: string | undefined
  /** In place of the figure's own; empty for none. */
  readonly caption: string | undefined
  readonly parts: readonly CaptionPart[]
  readonly guard: string
}

/** Flows the words above a figure from `topPx` down. */
export function layoutWords(
  words: Words,
  widthPx: number,
  topPx: number
): {readonly lines: readonly WordLine[]; readonly endPx: number} {
  const lines: WordLine[] = []
  let yPx = topPx
  const add = (role: WordLine['role'], spans: Parameters<typeof flowText>[0]) => {
    for (const placed of flowText(spans, widthPx, WORD_SIZE_PX[role])) {
      lines.push({role, yPx, spans: placed})
      yPx += LINE_PX[role]
    }
  }
  if (words.title) add('title', [{text: words.title, role: 'sans', weight: 600}])
  if (words.caption === undefined) {
    add(
      'caption',
      words.parts.map((part) =>
        part.kind === 'token'
          ? {text: part.text, role: 'mono', weight: 500}
          : {text: part.text, role: 'sans', weight: 400}
      )
    )
  } else if (words.caption) {
    add('caption', [{text: words.caption, role: 'sans', weight: 400}])
  }
  add('guard', [{text: words.guard, role: 'sans', weight: 400}])
  return {lines, endPx: yPx + 16}
}
