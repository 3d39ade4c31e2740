import {formatMany} from '../../../shared/figures/number-format.ts'
import type {Badge, TokenizeRow} from '../../../shared/lenses/tokenize.ts'

/** A badge in a cell: a word or two, and all of it for who asks. */
export interface BadgeWords {
  readonly text: string
  readonly more: string
  readonly isGood: boolean
}

const SPANS: readonly Badge['kind'][] = ['lossless', 'dummy-prefix', 'normalized', 'lossy']

/** How tokens stand to the text. */
export function spansOfRow({badges, droppedByteCount}: TokenizeRow): BadgeWords {
  const badge = badges.find(({kind}) => SPANS.includes(kind))
  if (!badge) return {text: '', more: '', isGood: true}
  const bad = badges.filter(({kind}) => kind === 'missing-bytes' || kind === 'approximate')
  const words = {
    lossless: 'lossless',
    'dummy-prefix': 'dummy prefix',
    normalized: 'normalised',
    lossy: `${formatMany(droppedByteCount, 'byte')} dropped`,
  }
  return {
    text: words[badge.kind as keyof typeof words],
    more: [badge, ...bad].map(({text}) => text).join('; '),
    isGood: badge.isGood && bad.length === 0,
  }
}

/** How far the ids are proven, and what stands around the text. */
export function proofOf({badges}: TokenizeRow): BadgeWords {
  const reference = badges.find(({kind}) => kind === 'reference')
  const engines = badges.find(({kind}) => kind === 'engines')
  const others = badges.filter(({kind}) => kind === 'special-text' || kind === 'inserted')
  const parts = [
    ...(reference ? [/\d+ of \d+/.exec(reference.text)?.[0] ?? reference.text] : []),
    ...(engines ? [engines.isGood ? '2 engines' : 'engines differ'] : []),
  ]
  const said = [reference, engines, ...others].flatMap((badge) => (badge ? [badge.text] : []))
  return {
    text: parts.join(', ') || '—',
    more: said.join('; ') || 'nothing to prove: it has no vocabulary',
    isGood: (reference?.isGood ?? true) && (engines?.isGood ?? true),
  }
}
