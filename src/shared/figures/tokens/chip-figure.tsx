import {roundPx} from '../number-format.ts'
import type {Palette} from '../palette.ts'
import {xmlText} from '../svg-text.ts'
import {CHIP, type ChipRun} from './chip.ts'
import type {ChipTint, TokenColumn} from './text-geometry.ts'

const RADIUS_PX = 3

export interface TokenChipProps {
  readonly column: TokenColumn
  readonly y: number
  readonly palette: Palette
}

/** A token's chip: tinted, outlined if special, in several tints where its token straddles a border. */
export function TokenChip({column, y, palette}: TokenChipProps) {
  const isTinted = !column.isSpecial && column.step >= 0
  return (
    <g data-position={column.position}>
      {column.tints && !column.isSpecial ? (
        column.tints.map((tint, i) => (
          <path
            key={tint.xPx}
            d={tintPath(column, tint, y, i === 0, i === column.tints!.length - 1)}
            fill={tint.step < 0 ? palette.sunken : palette.sequential[tint.step]}
          />
        ))
      ) : isTinted ? (
        <rect
          x={roundPx(column.xPx)}
          y={roundPx(y)}
          width={roundPx(column.widthPx)}
          height={CHIP.heightPx}
          rx={3}
          fill={palette.sequential[column.step]}
        />
      ) : (
        <rect
          x={roundPx(column.xPx + 0.5)}
          y={roundPx(y + 0.5)}
          width={roundPx(column.widthPx - 1)}
          height={CHIP.heightPx - 1}
          rx={3}
          fill={column.isSpecial ? 'none' : palette.sunken}
          stroke={column.isSpecial ? palette.lineStrong : 'none'}
        />
      )}
      <ChipText
        runs={column.runs}
        x={column.xPx}
        baseline={y + 16.5}
        ink={isTinted || column.tints ? palette.seqInkLow : palette.ink2}
      />
    </g>
  )
}

/** A stretch of a chip, with the chip's corners where it reaches its ends. */
function tintPath(
  column: TokenColumn,
  tint: ChipTint,
  y: number,
  isFirst: boolean,
  isLast: boolean
): string {
  const left = roundPx(column.xPx + tint.xPx)
  const right = roundPx(column.xPx + tint.xPx + tint.widthPx)
  const top = roundPx(y)
  const bottom = roundPx(y + CHIP.heightPx)
  const [start, end] = [Math.min(isFirst ? RADIUS_PX : 0, right - left), isLast ? RADIUS_PX : 0]
  const corner = (radius: number, x: number, toY: number) =>
    radius > 0 ? `A${RADIUS_PX} ${RADIUS_PX} 0 0 1 ${x} ${toY}` : ''
  return [
    `M${roundPx(left + start)} ${top}H${roundPx(right - end)}`,
    corner(end, right, roundPx(y + end)),
    `V${roundPx(y + CHIP.heightPx - end)}`,
    corner(end, roundPx(right - end), bottom),
    `H${roundPx(left + start)}`,
    corner(start, left, roundPx(y + CHIP.heightPx - start)),
    `V${roundPx(y + start)}`,
    corner(start, roundPx(left + start), top),
    'Z',
  ].join('')
}

interface ChipTextProps {
  readonly runs: readonly ChipRun[]
  /** Left edge of the chip. */
  readonly x: number
  readonly baseline: number
  readonly ink: string
}

/**
 * What a chip says. Words and the marks in and around them are one text, so that they stand by the
 * painter's own widths; what is smaller is placed by itself.
 */
export function ChipText({runs, x, baseline, ink}: ChipTextProps) {
  const groups: ChipRun[][] = []
  for (const run of runs) {
    const last = groups.at(-1)
    if (last && isWord(run) && isWord(last[0]!)) last.push(run)
    else groups.push([run])
  }
  return (
    <>
      {groups.map((group, i) => {
        const first = group[0]!
        const last = group.at(-1)!
        return (
          <text
            key={i}
            x={roundPx(x + (first.xPx + last.xPx + last.widthPx) / 2)}
            y={roundPx(baseline)}
            fill={ink}
            fontSize={first.sizePx === CHIP.textPx ? undefined : first.sizePx}
            fontFamily={first.family === null ? undefined : `'${first.family}', monospace`}
          >
            {group.map((run, j) =>
              run.kind === 'mark' ? (
                <tspan key={j} fillOpacity={run.text.startsWith('·') ? 0.55 : undefined}>
                  {run.text}
                </tspan>
              ) : (
                xmlText(run.text)
              )
            )}
          </text>
        )
      })}
    </>
  )
}

const isWord = (run: ChipRun) => run.family === null && (run.kind === 'text' || run.kind === 'mark')
