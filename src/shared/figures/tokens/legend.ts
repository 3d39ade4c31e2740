import {CHIP_STEP_COUNT} from '../palette.ts'
import {textWidthPx} from '../text-width.ts'
import {type TrackScale, tintText} from './tracks.ts'

/** An entry of the legend. */
export interface LegendItem {
  readonly kind: 'ramp' | 'bar' | 'number' | 'special' | 'outside'
  readonly text: string
  readonly xPx: number
  readonly yPx: number
}

export interface LegendLayout {
  readonly heightPx: number
  readonly items: readonly LegendItem[]
}

/** Width of the ramp: a small chip a step. */
export const RAMP_PX = CHIP_STEP_COUNT * 12
const SIGN_PX = {ramp: RAMP_PX + 6, bar: 14, number: 14, special: 18, outside: 18} as const
const LINE_PX = 16
const GAP_PX = 14

/**
 * Each scale with its ends and unit, flowing into as many rows as the width asks for. `outsideText` says
 * what lies outside all matches, spans or turns.
 */
export function layoutLegend(
  scales: readonly TrackScale[],
  widthPx: number,
  hasSpecials: boolean,
  outsideText: string | null = null
): LegendLayout {
  const entries: {kind: LegendItem['kind']; text: string}[] = []
  for (const scale of scales) {
    if (scale.isTint) entries.push({kind: 'ramp', text: tintText(scale)})
    else if (scale.isNumber)
      entries.push({kind: 'number', text: `${scale.scopeText}, ${scale.rangeText}`})
    else entries.push({kind: 'bar', text: `${scale.scopeText}, ${scale.rangeText}`})
  }
  if (hasSpecials) entries.push({kind: 'special', text: 'special'})
  if (outsideText !== null) entries.push({kind: 'outside', text: outsideText})
  let xPx = 0
  let yPx = 0
  const items = entries.map(({kind, text}) => {
    const itemPx = SIGN_PX[kind] + textWidthPx(text, 11)
    if (xPx > 0 && xPx + itemPx > widthPx) {
      xPx = 0
      yPx += LINE_PX
    }
    const item = {kind, text, xPx, yPx}
    xPx += itemPx + GAP_PX
    return item
  })
  return {heightPx: items.length > 0 ? yPx + LINE_PX : 0, items}
}

/** Where an entry's text begins, relative to the entry. */
export function legendTextX(kind: LegendItem['kind']): number {
  return SIGN_PX[kind]
}
