import type {CriticalResult} from '../../lenses/critical.ts'
import {formatCount} from '../number-format.ts'
import {textWidthPx} from '../text-width.ts'
import {namedPosition, type Share, shareText, successAfter, successBefore} from './named-tokens.ts'

/** What a rule says of its token, in words beside its sign. */
export interface MarkWords {
  readonly position: number
  readonly rules: 'released' | 'ours' | 'released and ours'
  readonly text: string
  /** From 0: rules that name different tokens stand below each other. */
  readonly row: number
}

/** The tokens that the rules name, with the success before and after each. */
export function markWordsOf(result: CriticalResult): MarkWords[] {
  const released = namedPosition(result, 'released')
  const ours = namedPosition(result, 'ours')
  const wordsOf = (position: number, rules: MarkWords['rules'], row: number): MarkWords => {
    const [before, after] = [successBefore(result, position), successAfter(result, position)]
    const fall = before && after ? `: ${fallText(before, after)}` : ''
    return {position, rules, row, text: `${rules}, token ${formatCount(position)}${fall}`}
  }
  if (released !== null && released === ours) return [wordsOf(released, 'released and ours', 0)]
  return [
    ...(released === null ? [] : [wordsOf(released, 'released', 0)]),
    ...(ours === null ? [] : [wordsOf(ours, 'ours', released === null ? 0 : 1)]),
  ]
}

function fallText(before: Share, after: Share): string {
  return `${shareText(before)} right before, ${shareText(after)} after`
}

/** Where words beside a sign stand: right of it, left where they would go over the edge, nowhere where neither has room. */
export function placeWords(
  text: string,
  signPx: number,
  {startPx, endPx}: {readonly startPx: number; readonly endPx: number}
): {readonly xPx: number; readonly anchor: 'start' | 'end'} | null {
  const widthPx = textWidthPx(text, 11)
  if (signPx + 10 + widthPx <= endPx) return {xPx: signPx + 10, anchor: 'start'}
  if (signPx - 10 - widthPx >= startPx) return {xPx: signPx - 10, anchor: 'end'}
  return null
}
