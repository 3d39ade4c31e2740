import {mapName} from '../../../shared/figures/attention/map-name.ts'
import {formatWeight} from '../../../shared/figures/attention/matrix-caption.ts'
import {MatrixLegend} from '../../../shared/figures/attention/matrix-figure.tsx'
import {matrixRoom} from '../../../shared/figures/attention/matrix-layout.ts'
import {flowLegend, rangeText} from '../../../shared/figures/attention/matrix-legend.ts'
import {scaleOf, stepCountOf} from '../../../shared/figures/attention/matrix-scale.ts'
import {formatCount} from '../../../shared/figures/number-format.ts'
import {FONT_FAMILIES} from '../../../shared/figures/text-width.ts'
import {type GlyphSource, plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import type {ColorRange} from '../../../shared/lenses/attention-picture.ts'
import {selectCompared} from '../../store/attention.ts'
import {isWhole, pictureKey} from '../../store/attention-pictures.ts'
import {HintArea} from '../../ui/hint-area.tsx'
import {type Size, useSize} from '../../ui/use-size.ts'
import {usePaneIndex} from '../use-pane.ts'
import {usePalette} from '../use-theme.ts'
import {useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {HeadWords} from './head-label-control.tsx'
import {HiddenNotice} from './hidden-notice.tsx'
import {MatrixView} from './matrix-view.tsx'
import {rangeOf, type ShownMatrix, selectCell, weightAt} from './use-picture.ts'
import './two-heads.css'

/** Narrower than this the three stand under each other. */
const LEAST_BESIDE_PX = 620
const GAP_PX = 16
const HEAD_PX = 22
const LEAST_HIGH_PX = 220

/** Two rows have to make each so much larger than one. */
const WORTH_TWO_ROWS = 1.1
/** Under the second row. */
const FOOT_GAP_PX = 8
/** Two scales under a row of three. */
const LEGENDS_PX = 48

interface Places {
  readonly perRow: 1 | 2 | 3
  /** Of each. */
  readonly widthPx: number
  readonly heightPx: number
}

/**
 * Three in a row with their scales under them; or two, with the difference under them and the scales beside it,
 * where that makes each clearly larger; or one under the other.
 */
function placesOf(
  {widthPx, heightPx}: Size,
  tokens: readonly GlyphSource[],
  isPart: boolean
): Places {
  const of = (perRow: 1 | 2 | 3, roomPx: number): Places => ({
    perRow,
    widthPx: Math.floor((widthPx - (perRow - 1) * GAP_PX) / perRow),
    heightPx: Math.max(LEAST_HIGH_PX, Math.floor(roomPx)),
  })
  const single = heightPx - HEAD_PX - LEGENDS_PX
  if (widthPx < LEAST_BESIDE_PX) return of(1, Math.min(single, widthPx))
  const [three, two] = [of(3, single), of(2, (heightPx - GAP_PX - FOOT_GAP_PX) / 2 - HEAD_PX)]
  const sideOf = (places: Places, hasFoot: boolean) =>
    matrixRoom(tokens, places.widthPx, places.heightPx, {isPart: hasFoot}).sidePx
  return sideOf(two, isPart) > WORTH_TWO_ROWS * sideOf(three, true) ? two : three
}

/** A, B, and B minus A; null in other views. */
function useCompared(matrix: ShownMatrix): readonly ShownMatrix[] {
  const pane = usePaneIndex()
  const {store, captures} = useWorkbench()
  useWorkbenchState((state) => ({
    revision: state.attentionSlots[pane].revision,
    other: state.attentionShown[pane].other,
  }))
  const others = selectCompared(store.getState(), captures, pane).map((spec): ShownMatrix => {
    const tiles = captures.attentionTiles.peek(pictureKey(spec))
    return {...matrix, spec, tiles: tiles ?? NO_TILES, isCurrent: tiles !== undefined}
  })
  return [matrix, ...others]
}
const NO_TILES = {}
const NAMES = ['A', 'B', 'B − A'] as const

/** Two heads beside each other in one range of colours, and their difference around zero. */
export function TwoHeads({matrix}: {readonly matrix: ShownMatrix}) {
  const all = useCompared(matrix)
  const [ref, {widthPx, heightPx}] = useSize<HTMLDivElement>()
  const palette = usePalette()
  const choice = useWorkbenchState(({attentionRange, attentionSteps}) => ({
    attentionRange,
    attentionSteps,
  }))
  const [a, b, difference] = all
  if (!a || !b || !difference) return null
  const shared: ColorRange = {
    ...rangeOf(a.tiles, choice),
    maximum: Math.max(rangeOf(a.tiles, choice).maximum, rangeOf(b.tiles, choice).maximum),
    isShared: true,
  }
  const own = rangeOf(difference.tiles, choice)
  const isPart = !isWhole(matrix.window, matrix.spec.tokenCount)
  const places = placesOf({widthPx, heightPx}, matrix.data.tokens, isPart)
  const {perRow} = places
  const legendsPx = perRow === 2 ? places.widthPx : widthPx
  const legends = [
    {matrix: a, range: shared, name: 'A and B'},
    {matrix: difference, range: own, name: `B − A = ${mapName(difference.spec.map)}`},
  ].map(({matrix: one, range, name}) => {
    const tile = (one.tiles.whole ?? one.tiles.close)?.tile ?? {minimum: 0, maximum: 0}
    const scale = scaleOf(range, one.spec.map)
    const words = rangeText(range, one.spec.map, tile)
    const text = `${name}: ${words}`
    // A range beside the colours, and then whose it is: each short enough for the narrowest place.
    const [ends = '', whose = ''] = words.split(', ')
    const entries = [
      {kind: 'ramp', text: ends},
      {kind: 'words', text: `${name}, ${whose}`},
    ] as const
    return {scale, layout: flowLegend(entries, stepCountOf(scale), legendsPx), text}
  })
  const scales = legends.map(({layout, scale, text}) => (
    <svg
      key={text}
      className="two-heads-legend"
      width={legendsPx}
      height={layout.heightPx}
      role="img"
      aria-label={text}
      fontFamily={FONT_FAMILIES.sans}
      data-testid="two-heads-legend"
    >
      <MatrixLegend layout={layout} scale={scale} palette={palette} />
    </svg>
  ))
  return (
    <div
      ref={ref}
      className="two-heads"
      data-testid="two-heads"
      data-current={all.every(({isCurrent}) => isCurrent)}
    >
      {widthPx > 0 && (
        <HintArea>
          <div
            className="two-heads-all"
            style={{gridTemplateColumns: `repeat(${perRow}, minmax(0, 1fr))`}}
          >
            {all.map((one, i) => (
              <section key={NAMES[i]} aria-label={`${NAMES[i]}, ${mapName(one.spec.map)}`}>
                <h2>
                  {NAMES[i]}{' '}
                  <span className="end clip">
                    {one.spec.map.kind === 'head' && <HeadWords head={one.spec.map} />}{' '}
                    {mapName(one.spec.map)}
                  </span>
                </h2>
                <MatrixView
                  matrix={one}
                  widthPx={places.widthPx}
                  heightPx={places.heightPx}
                  shared={i === 2 ? own : shared}
                  isTight={perRow === 2}
                />
              </section>
            ))}
            {perRow === 2 && <div className="two-heads-scales">{scales}</div>}
          </div>
          {perRow !== 2 && scales}
        </HintArea>
      )}
      <HiddenNotice
        summaries={[a, b].flatMap(({tiles}) => (tiles.whole ?? tiles.close)?.tile.summary ?? [])}
      />
    </div>
  )
}

/** The weight that is pointed at or lit, in both heads and between them. */
export function TwoHeadsCaption({matrix}: {readonly matrix: ShownMatrix}) {
  const {captures} = useWorkbench()
  const all = useCompared(matrix)
  const {query, key} = useWorkbenchState((state) => ({
    query: selectCell(state, captures, matrix.runId)?.query ?? null,
    key: selectCell(state, captures, matrix.runId)?.key ?? null,
  }))
  const [a, b, difference] = all
  if (!a || !b || !difference) return null
  const names = `${mapName(a.spec.map)} and ${mapName(b.spec.map)} side by side`
  if (query === null || key === null) return `${names}; point at a weight to read it in both.`
  const place = {query, key}
  const {tokens} = matrix.data
  const nameOf = (position: number) => {
    const token = tokens[position]
    return token ? plainGlyphs(token) || '∅' : ''
  }
  const weightOf = (one: ShownMatrix, isSigned = false) => {
    const weight = weightAt(captures, one.spec, place)
    return weight === null ? '…' : formatWeight(weight, isSigned)
  }
  return (
    <>
      <b className="mono">{nameOf(query)}</b> at {formatCount(query)} to{' '}
      <b className="mono">{nameOf(key)}</b> at {formatCount(key)}: A {mapName(a.spec.map)}{' '}
      {weightOf(a)}, B {mapName(b.spec.map)} {weightOf(b)}, B − A {weightOf(difference, true)}.
    </>
  )
}
