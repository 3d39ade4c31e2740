import type {AttentionResult} from '../../lenses/attention.ts'
import type {PruningPicture} from '../../lenses/attention-view-pictures.ts'
import {MixedText} from '../mixed-text.tsx'
import {formatProb, roundPx} from '../number-format.ts'
import type {Palette} from '../palette.ts'
import type {CommonFigureOptions} from '../request.ts'
import {fitText, textWidthPx} from '../text-width.ts'
import {plainGlyphs} from '../token-glyphs.ts'
import {pinsWithin} from '../tokens/pins.ts'
import {PinMarksFigure} from '../tokens/pins-figure.tsx'
import type {PinMark} from '../tokens/text-geometry.ts'
import {LegendWords} from './legend-words.tsx'
import {flowLegend, type MatrixLegendLayout} from './matrix-legend.ts'
import {changedText, fateWords, pruningLegendWords} from './pruning-words.ts'

export type Fate = 'kept' | 'similar' | 'light'

interface PlacedToken {
  readonly position: number
  readonly text: string
  readonly fate: Fate
  readonly xPx: number
  readonly yPx: number
  readonly widthPx: number
}

interface TableRow {
  readonly name: string
  readonly before: number
  readonly after: number
  readonly beforeText: string
  readonly afterText: string
  readonly isOthers: boolean
  readonly yPx: number
}

/** A pruning in a figure: where everything stands. */
export interface PruningPart {
  readonly view: 'pruning'
  readonly tokens: readonly PlacedToken[]
  readonly pins: readonly PinMark[]
  readonly keys: readonly {readonly fate: Fate; readonly text: string; readonly yPx: number}[]
  readonly rows: readonly TableRow[]
  readonly tableYPx: number
  readonly selected: number | null
  readonly legend: MatrixLegendLayout | null
  readonly legendYPx: number
  readonly leftPx: number
  readonly namePx: number
  readonly barPx: number
}

const CHIP_PX = 20
const LINE_PX = 24
/** Above a line of chips, where any token is pinned. */
const PINS_PX = 11
const CHIP_PAD_PX = 4
const CHIP_GAP_PX = 2
const KEY_PX = 18
const ROW_PX = 18
const GAP_PX = 12
const NAME_PX = 110
const NAME_SHARE = 0.35
const MOST_BAR_PX = 240
const NUMBER_PX = 54
/** Narrower bars have no words above them. */
const LEAST_WORDED_PX = 170
const MOST_TOKENS = 4000

/** What became of each token. */
export function fatesOf({droppedByImportance, droppedBySimilarity}: PruningPicture) {
  const fates = new Map<number, Fate>()
  for (const at of droppedBySimilarity) fates.set(at, 'similar')
  for (const at of droppedByImportance) fates.set(at, 'light')
  return fates
}

export function layoutPruningPart(
  {tokens}: AttentionResult,
  picture: PruningPicture,
  {noPrompt, legend: hasLegend}: CommonFigureOptions,
  {leftPx, topPx, innerPx}: {leftPx: number; topPx: number; innerPx: number}
): {part: PruningPart; endPx: number} {
  const fates = fatesOf(picture)
  const pins = pinsWithin(picture.pins, tokens)
  const pinsPx = pins.length > 0 ? PINS_PX : 0
  let [xPx, yPx] = [leftPx, topPx + pinsPx]
  const placed = tokens.slice(0, MOST_TOKENS).map((token): PlacedToken => {
    const {position} = token
    const plain = noPrompt ? String(position) : plainGlyphs(token) || `#${token.id}`
    const text = fitText(plain, innerPx - 2 * CHIP_PAD_PX, 13, 'mono')
    const widthPx = Math.ceil(textWidthPx(text, 13, 'mono')) + 2 * CHIP_PAD_PX
    if (xPx > leftPx && xPx + widthPx > leftPx + innerPx) {
      xPx = leftPx
      yPx += LINE_PX + pinsPx
    }
    const own = {position, text, fate: fates.get(position) ?? 'kept', xPx, yPx, widthPx}
    xPx += widthPx + CHIP_GAP_PX
    return own
  })
  const marks = pins.flatMap(({number, position}): PinMark[] => {
    const token = placed[position]
    return token ? [{number, position, xPx: token.xPx, yPx: token.yPx - 3}] : []
  })
  let endPx = yPx + LINE_PX + GAP_PX
  const words = fateWords(picture)
  const keys = (['kept', 'similar', 'light'] as const).map((fate, i) => ({
    fate,
    text: words[i]!,
    yPx: endPx + i * KEY_PX,
  }))
  endPx += keys.length * KEY_PX + GAP_PX
  const tableYPx = endPx
  const {outcome} = picture
  const listed = outcome
    ? [
        ...outcome.rows.map((row, i) => ({
          name: noPrompt ? `row ${i}` : row.name,
          ...{before: row.before ?? 0, after: row.after ?? 0, isOthers: false},
          ...{beforeText: changedText(row.before), afterText: changedText(row.after)},
        })),
        {
          name: 'others',
          ...{before: outcome.othersBefore, after: outcome.othersAfter, isOthers: true},
          beforeText: formatProb(outcome.othersBefore),
          afterText: formatProb(outcome.othersAfter),
        },
      ]
    : []
  const namePx = Math.min(NAME_PX, innerPx * NAME_SHARE)
  const barPx = Math.max(0, Math.min(MOST_BAR_PX, innerPx - namePx - 2 * NUMBER_PX))
  const rows = listed.map(
    (row, i): TableRow => ({
      ...row,
      name: fitText(row.name, namePx - 8, 13, row.isOthers ? 'sans' : 'mono'),
      yPx: tableYPx + (i + 1) * ROW_PX,
    })
  )
  if (rows.length > 0) endPx = tableYPx + (rows.length + 1) * ROW_PX + GAP_PX
  const legend =
    hasLegend === 'on'
      ? flowLegend(
          pruningLegendWords(picture).map((text) => ({kind: 'words', text})),
          9,
          innerPx
        )
      : null
  return {
    part: {
      ...{view: 'pruning', tokens: placed, keys, rows, tableYPx, leftPx, namePx, barPx, legend},
      ...{legendYPx: endPx, selected: picture.selected, pins: marks},
    },
    endPx: legend ? endPx + legend.heightPx : endPx - GAP_PX,
  }
}

interface ChipProps {
  readonly fate: Fate
  readonly xPx: number
  readonly yPx: number
  readonly widthPx: number
  readonly text: string
  readonly sizePx: number
  readonly palette: Palette
}

/** A token as its fate draws it: filled where it stays, outlined where one like it stays, else struck. */
function Chip({fate, xPx, yPx, widthPx, text, sizePx, palette}: ChipProps) {
  const heightPx = sizePx + 7
  const inkY = yPx + heightPx - 5.5
  return (
    <g data-fate={fate}>
      {fate !== 'light' && (
        <rect
          x={roundPx(xPx + (fate === 'similar' ? 0.5 : 0))}
          y={roundPx(yPx + (fate === 'similar' ? 0.5 : 0))}
          width={roundPx(widthPx - (fate === 'similar' ? 1 : 0))}
          height={heightPx - (fate === 'similar' ? 1 : 0)}
          rx={3}
          fill={fate === 'kept' ? palette.sequential[2] : 'none'}
          stroke={fate === 'similar' ? palette.lineStrong : 'none'}
        />
      )}
      <MixedText
        x={xPx + CHIP_PAD_PX}
        y={inkY}
        text={text}
        sizePx={sizePx}
        typeface="mono"
        fill={fate === 'kept' ? palette.seqInkLow : palette.ink3}
      />
      {fate === 'light' && (
        <path
          d={`M${roundPx(xPx + CHIP_PAD_PX)} ${roundPx(inkY - sizePx * 0.3)}h${roundPx(widthPx - 2 * CHIP_PAD_PX)}`}
          stroke={palette.ink3}
        />
      )}
    </g>
  )
}

interface PruningPartFigureProps {
  readonly part: PruningPart
  readonly palette: Palette
  readonly marginPx: number
}

/** A text with what of it stays, and the next token with all and without the others. */
export function PruningPartFigure({part, palette, marginPx}: PruningPartFigureProps) {
  const {tokens, pins, keys, rows, leftPx, namePx, barPx, tableYPx, selected, legend} = part
  const barX = leftPx + namePx
  const beforeX = barX + barPx + NUMBER_PX
  const afterX = beforeX + NUMBER_PX
  return (
    <>
      {tokens.map(({position, ...token}) => (
        <g key={position} data-position={position}>
          <Chip {...token} sizePx={13} palette={palette} />
          {position === selected && (
            <path
              d={`M${roundPx(token.xPx)} ${roundPx(token.yPx + CHIP_PX + 1)}h${roundPx(token.widthPx)}`}
              stroke={palette.accent}
              strokeWidth={2}
            />
          )}
        </g>
      ))}
      {pins.map((pin) => (
        <PinMarksFigure
          key={pin.position}
          pins={[{...pin, yPx: -3}]}
          top={pin.yPx + 3}
          palette={palette}
        />
      ))}
      {keys.map(({fate, text, yPx}) => (
        <g key={fate}>
          <Chip
            {...{fate, yPx, palette}}
            xPx={leftPx}
            widthPx={46}
            text={fate === 'kept' ? 'stays' : 'goes'}
            sizePx={11}
          />
          <text x={roundPx(leftPx + 56)} y={roundPx(yPx + 13)} fontSize={11} fill={palette.ink2}>
            {text}
          </text>
        </g>
      ))}
      {rows.length > 0 && (
        <g fontSize={11} fill={palette.ink3}>
          <text x={roundPx(leftPx)} y={roundPx(tableYPx + 12)}>
            next token
          </text>
          {barPx >= LEAST_WORDED_PX && (
            <text x={roundPx(barX)} y={roundPx(tableYPx + 12)}>
              with all hollow, without solid
            </text>
          )}
          <text x={roundPx(beforeX)} y={roundPx(tableYPx + 12)} textAnchor="end">
            with all
          </text>
          <text x={roundPx(afterX)} y={roundPx(tableYPx + 12)} textAnchor="end">
            without
          </text>
        </g>
      )}
      {rows.map(({name, before, after, beforeText, afterText, isOthers, yPx}) => (
        <g key={yPx} fontSize={11} fill={palette.ink1} data-before={before} data-after={after}>
          <MixedText
            x={leftPx}
            y={yPx + 13}
            text={name}
            sizePx={13}
            typeface={isOthers ? 'sans' : 'mono'}
            fill={isOthers ? palette.ink3 : palette.ink1}
          />
          <rect
            x={roundPx(barX)}
            y={roundPx(yPx + 4)}
            width={roundPx(barPx * after)}
            height={10}
            fill={isOthers ? palette.mark : palette.sequential[5]}
          />
          <rect
            x={roundPx(barX + 0.5)}
            y={roundPx(yPx + 4.5)}
            width={roundPx(Math.max(0, barPx * before - 1))}
            height={9}
            fill="none"
            stroke={palette.ink1}
          />
          <text x={roundPx(beforeX)} y={roundPx(yPx + 13)} textAnchor="end">
            {beforeText}
          </text>
          <text x={roundPx(afterX)} y={roundPx(yPx + 13)} textAnchor="end">
            {afterText}
          </text>
        </g>
      ))}
      {legend && (
        <LegendWords legend={legend} xPx={marginPx} yPx={part.legendYPx} palette={palette} />
      )}
    </>
  )
}
