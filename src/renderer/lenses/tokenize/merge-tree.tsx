import type {Derivation} from '../../../shared/contract/contract.ts'
import {formatCount} from '../../../shared/figures/number-format.ts'
import {textWidthPx} from '../../../shared/figures/text-width.ts'
import {plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import {mergeTreeOf} from './merge-nodes.ts'

const ROW_PX = 22
const SIZE_PX = 13
const GAP_PX = 10
const LABEL_PX = 72

export interface MergeTreeProps {
  readonly bytesHex: string
  readonly merges: Derivation['merges']
}

/** The merges that built a token, leaves on top; a merge stands at the height at which both its parts are there. */
export function MergeTree({bytesHex, merges}: MergeTreeProps) {
  const tree = mergeTreeOf(merges)
  if (!tree) return null
  const glyphs = (hex: string) => plainGlyphs({bytesHex: hex, isSpecial: false}) || hex
  const xs = new Map<number, number>()
  let right = 0
  for (const leaf of tree.leaves) {
    const widthPx = textWidthPx(glyphs(tree.nodes[leaf]!.hex), SIZE_PX, 'mono')
    xs.set(leaf, right + widthPx / 2)
    right += widthPx + GAP_PX
  }
  for (const [i, {parts}] of tree.nodes.entries()) {
    if (parts) xs.set(i, (xs.get(parts[0])! + xs.get(parts[1])!) / 2)
  }
  const depth = merges.length
  const text = merges.map(
    ({leftHex, rightHex, rank}) => `${glyphs(leftHex)} with ${glyphs(rightHex)}, rank ${rank}`
  )
  return (
    <div className="merge-scroll">
      <svg
        width={right + LABEL_PX}
        height={(depth + 1) * ROW_PX}
        role="img"
        aria-label={`${glyphs(bytesHex)}: merges ${text.join('; ')}`}
      >
        {tree.nodes.map(({hex, height, parts, rank}, i) => {
          const x = xs.get(i)!
          const y = height * ROW_PX + 14
          const words = glyphs(hex)
          return (
            <g key={i}>
              {parts && (
                <path
                  d={`M${xs.get(parts[0])} ${tree.nodes[parts[0]]!.height * ROW_PX + 18}V${y - 13}H${xs.get(parts[1])}V${tree.nodes[parts[1]]!.height * ROW_PX + 18}`}
                  fill="none"
                  stroke="var(--ink-4)"
                />
              )}
              <text
                x={x}
                y={y}
                className="mono"
                fontSize={SIZE_PX}
                textAnchor="middle"
                fill="var(--ink-1)"
                stroke="var(--chrome)"
                strokeWidth={4}
                paintOrder="stroke"
              >
                {words}
              </text>
              {parts && (
                <text
                  x={right + LABEL_PX - 8}
                  y={y}
                  fontSize={11}
                  textAnchor="end"
                  fill="var(--ink-3)"
                >
                  {i === tree.nodes.length - 1 ? `rank ${formatCount(rank)}` : formatCount(rank)}
                </text>
              )}
            </g>
          )
        })}
      </svg>
    </div>
  )
}
