import type {AttentionGraph} from '../../lenses/attention-graph.ts'
import {formatCount, formatMany, roundPx} from '../number-format.ts'
import type {Palette} from '../palette.ts'
import {FONT_FAMILIES, textWidthPx} from '../text-width.ts'
import {type GlyphSource, plainGlyphs} from '../token-glyphs.ts'
import {formatShare} from './graph-words.ts'
import {formatRangeEnd} from './matrix-legend.ts'

export interface GraphLegendItem {
  readonly kind: 'ramp' | 'node' | 'broken' | 'words'
  readonly text: string
  readonly xPx: number
  readonly yPx: number
}

export interface GraphLegendLayout {
  readonly heightPx: number
  readonly items: readonly GraphLegendItem[]
}

const LINE_PX = 16
const GAP_PX = 18
const RAMP_STEP_PX = 20
const RAMP_STEPS = [2, 3, 4, 5, 6] as const
const SIGN_PX = {ramp: RAMP_STEP_PX * RAMP_STEPS.length + 8, node: 16, broken: 14, words: 0}

export interface GraphLegendInput {
  readonly graph: AttentionGraph | null
  readonly into: number | null
  readonly tokens: readonly GlyphSource[]
  /** Weight of the widest line; null while it is not known. */
  readonly maximum: number | null
  /** An importance is drawn whose 1 is what position alone gives. */
  readonly hasOne?: boolean
  /** What else is to be said of the picture. */
  readonly notes?: readonly string[]
  readonly noPrompt?: boolean
}

/** What lines and nodes stand for, with the end of the scale; in as many lines as it takes. */
export function layoutGraphLegend(
  {graph, into, tokens, maximum, hasOne = false, notes = [], noPrompt = false}: GraphLegendInput,
  widthPx: number
): GraphLegendLayout {
  const name = (at: number) => {
    const token = tokens[at]
    return noPrompt || !token
      ? `token ${formatCount(at)}`
      : `${plainGlyphs(token) || '∅'} at ${formatCount(at)}`
  }
  const perColumn = tokensPerColumn(graph)
  const end =
    maximum === null ? '…' : into === null ? formatRangeEnd(maximum) : formatShare(maximum)
  const summed = perColumn > 1 ? `, summed over columns of ${formatCount(perColumn)} tokens` : ''
  const entries: {kind: GraphLegendItem['kind']; text: string}[] =
    into === null
      ? [
          {kind: 'ramp', text: `attention weight, mean of heads${summed}, 0 to ${end}`},
          {kind: 'node', text: 'node: how much of it others read'},
        ]
      : [
          {
            kind: 'ramp',
            text: `share of what ${name(into)} reads, as attention rollout, 0 to ${end}`,
          },
          {kind: 'node', text: 'node: what comes by it'},
        ]
  const broken = graph?.totals.reduce((sum, {brokenCount}) => sum + brokenCount, 0) ?? 0
  if (hasOne) entries.push({kind: 'words', text: 'dotted line, 1: what position alone gives'})
  for (const text of notes) entries.push({kind: 'words', text})
  if (broken > 0) {
    entries.push({
      kind: 'broken',
      text: `NaN or infinite: ${formatMany(broken, 'row')}, not followed`,
    })
  }
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
  return {heightPx: yPx + LINE_PX, items}
}

/** Tokens of a column, of the widest that is not beside the window. */
function tokensPerColumn(graph: AttentionGraph | null): number {
  if (!graph || graph.starts.length < 3) return 1
  const middle = Math.floor(graph.starts.length / 2)
  return graph.starts[middle]! - graph.starts[middle - 1]!
}

export interface GraphLegendProps {
  readonly layout: GraphLegendLayout
  readonly palette: Palette
}

export function GraphLegend({layout, palette}: GraphLegendProps) {
  return (
    <g fontFamily={FONT_FAMILIES.sans} fontSize={11} fill={palette.ink3}>
      {layout.items.map(({kind, text, xPx, yPx}) => (
        <g key={text} transform={`translate(${roundPx(xPx)} ${roundPx(yPx)})`}>
          {kind === 'ramp' &&
            RAMP_STEPS.map((step, i) => (
              <rect
                key={step}
                x={i * RAMP_STEP_PX}
                y={roundPx(8 - (0.7 + 0.8 * i) / 2)}
                width={RAMP_STEP_PX - 2}
                height={roundPx(0.7 + 0.8 * i)}
                fill={palette.sequential[step]!}
              />
            ))}
          {kind === 'node' && (
            <>
              <circle cx={2} cy={8} r={1.5} fill={palette.ink4} />
              <circle cx={9} cy={8} r={4} fill={palette.ink1} />
            </>
          )}
          {kind === 'broken' && (
            <path d="M1 5l6 6m0 -6l-6 6" stroke={palette.rejected} strokeWidth={1.5} fill="none" />
          )}
          <text x={SIGN_PX[kind]} y={12} fill={kind === 'broken' ? palette.rejected : undefined}>
            {text}
          </text>
        </g>
      ))}
    </g>
  )
}
