import type {SpanNode} from '../../lenses/tree-spans.ts'
import {CHIP_STEP_COUNT, type Palette, stepOf} from '../palette.ts'

/** How a node looks; the same on the page and in files. */
export interface NodeLook {
  /** Null is hollow. */
  readonly fill: string | null
  readonly fillOpacity: number
  readonly stroke: string | null
  readonly isDashed: boolean
  readonly ink: string
  /** A sign beside it, so that colour is never the only one. */
  readonly mark: string
  readonly markInk: string
}

const SOFT = 0.16

/** Tint by the probability given the path; drafts by what became of them; what a law cuts is hollow. */
export function lookOf({node, prob}: SpanNode, palette: Palette): NodeLook {
  const plain = {fillOpacity: 1, isDashed: false, mark: '', markInk: palette.ink3}
  const hollow = {...plain, fill: null, stroke: palette.lineStrong, ink: palette.ink3}
  if (node.tokenId === null) return {...plain, fill: null, stroke: null, ink: palette.ink3}
  switch (node.status) {
    case 'accepted':
      return {
        ...{fill: palette.accepted, fillOpacity: SOFT, stroke: null, isDashed: false},
        ...{ink: palette.ink1, mark: '✓', markInk: palette.accepted},
      }
    case 'rejected':
      return {
        ...{fill: palette.rejected, fillOpacity: SOFT, stroke: null, isDashed: false},
        ...{ink: palette.ink1, mark: '✕', markInk: palette.rejected},
      }
    case 'untested':
      return {...hollow, isDashed: true, mark: '–'}
    case 'correction':
    case 'bonus':
      return {
        ...{fill: palette.ink1, fillOpacity: 1, stroke: null, isDashed: false},
        ...{ink: palette.paper, mark: '◆', markInk: palette.ink1},
      }
  }
  // Drafted, and not verified yet.
  if (node.draftProb !== null) return {...hollow, ink: palette.ink1}
  if (node.cut) return hollow
  return {
    ...plain,
    fill: palette.sequential[stepOf(prob, 1, CHIP_STEP_COUNT)]!,
    stroke: node.status === 'finished' ? palette.lineStrong : null,
    ink: palette.seqInkLow,
  }
}

/** Thickness of the line to a node: what of all that may follow goes through it. */
export function linkPx(share: number): number {
  return 1 + 5 * share
}

/** What a status is called. */
export const STATUS_WORDS: Readonly<Record<string, string>> = {
  open: 'not expanded',
  expanded: 'expanded',
  finished: 'ends the text',
  pruned: 'pruned',
  accepted: 'accepted',
  rejected: 'rejected',
  untested: 'untested',
  correction: 'correction',
  bonus: 'bonus',
}
