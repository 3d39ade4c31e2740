import {memo, type RefObject, useEffect, useLayoutEffect, useMemo, useRef, useState} from 'react'
import {Menu, MenuItem, MenuTrigger, Popover} from 'react-aria-components'
import {plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import {
  TRACK_KINDS,
  type TrackName,
  type TrackScale,
  trackAggregation,
  trackScales,
} from '../../../shared/figures/tokens/tracks.ts'
import type {ScoredToken} from '../../../shared/lenses/tokens.ts'
import {UNIT_NAMES} from '../../../shared/units/unit-words.ts'
import type {LensTrack} from '../../lenses/lens.ts'
import {tokenTint} from '../../lenses/token-tint.ts'
import {useLensTrack} from '../../lenses/use-lens-track.ts'
import {useLocked, useSelection} from '../../lenses/use-pane.ts'
import {type PositionAt, useTokenPointer} from '../../lenses/use-token-pointer.ts'
import {useRunData} from '../../lenses/use-tokens.ts'
import {useUnits} from '../../lenses/use-units.ts'
import {useActions, useWorkbenchState} from '../../lenses/use-workbench.ts'
import {type RunUnits, unitsOfToken} from '../../store/unit.ts'
import {Button} from '../../ui/button.tsx'
import {Chip} from '../../ui/chip.tsx'
import {DownIcon} from '../../ui/icons.tsx'
import {scrollAfterCommit} from '../../ui/scroll-after-commit.ts'
import {Hint} from '../../ui/tooltip.tsx'
import {useSize} from '../../ui/use-size.ts'
import {pointIn} from '../../ui/zoom.ts'
import {trackValueText} from '../inspector/track-text.ts'
import {layoutStrip, type StripLayout, stripStretches, visibleTokens} from './strip-layout.ts'
import {StripGrounds, StripPins, StripRings} from './strip-marks.tsx'
import './token-strip.css'

const OVERSCAN_PX = 200
/** Of the scrolling area, for the rings around the first and the last chip. */
const PADDING_PX = 3

/** The tokens of the active run, always in sight whichever lens is open. */
export function TokenStrip() {
  const data = useRunData()
  const track = useWorkbenchState((state) => state.parameters.stripTrack)
  const tokens = data?.tokens
  if (!data || !tokens || tokens.length === 0) {
    return (
      <section className="strip" aria-label="Tokens">
        <div className="strip-labels">
          <div>tokens</div>
          <div>{TRACK_KINDS[track].label}</div>
        </div>
        <div className="strip-empty">
          <div className="ink-3">Tokens appear here and stay, whichever lens is open.</div>
        </div>
      </section>
    )
  }
  return <FilledStrip tokens={tokens} promptTokenCount={data.promptTokenCount} track={track} />
}

interface FilledStripProps {
  readonly tokens: readonly ScoredToken[]
  readonly promptTokenCount: number
  readonly track: TrackName
}

function FilledStrip({tokens, promptTokenCount, track}: FilledStripProps) {
  const lensTrack = useLensTrack()
  const chosenUnits = useUnits()
  // A lens says what it says of single tokens.
  const units = lensTrack ? null : chosenUnits
  const layout = useMemo(() => layoutStrip(tokens, promptTokenCount), [tokens, promptTokenCount])
  const scale = useMemo(() => stripScale(track, tokens, units), [track, tokens, units])
  const [scrollRef, {widthPx}] = useSize<HTMLDivElement>()
  const [scrollPx, setScrollPx] = useState(0)
  const [first, end] = visibleTokens(
    layout,
    scrollPx - OVERSCAN_PX,
    scrollPx + widthPx + OVERSCAN_PX
  )
  const locked = useLocked()
  const scrolledPx = useRevealLocked(scrollRef, layout, locked, widthPx)
  useWheel(scrollRef)

  // By place and not by element, so that the gaps between chips belong to one of them.
  const positionAt: PositionAt = (point) => {
    const element = scrollRef.current
    if (!element) return null
    const x = pointIn(element, point).xPx - PADDING_PX + element.scrollLeft
    const [position] = visibleTokens(layout, x, x + 1)
    return x >= 0 && x <= layout.totalPx && position < tokens.length ? position : null
  }
  const pointer = useTokenPointer(positionAt)
  return (
    <section className="strip" aria-label="Tokens">
      <StripLabels track={track} tokens={tokens} units={units} lensTrack={lensTrack} />
      <div
        ref={scrollRef}
        className="strip-scroll"
        role="listbox"
        aria-label="Tokens of this run"
        aria-orientation="horizontal"
        aria-activedescendant={locked === null ? undefined : `strip-token-${locked}`}
        tabIndex={0}
        data-testid="strip"
        onScroll={(event) => {
          const {scrollLeft} = event.currentTarget
          scrolledPx.current = scrollLeft
          // Drawn again only when what is drawn no longer covers what is seen.
          setScrollPx(Math.round(scrollLeft / 50) * 50)
        }}
        {...pointer}
      >
        <div className="strip-canvas" role="presentation" style={{width: layout.totalPx}}>
          <StripGrounds layout={layout} />
          <StripColumns {...{layout, tokens, units, scale, first, end, lensTrack}} />
          <StripUnits {...{layout, units, scale, first, end}} />
          {layout.ruleXPx !== null && (
            <span className="strip-rule" style={{left: layout.ruleXPx}} aria-hidden="true" />
          )}
          <StripRings layout={layout} />
          <StripPins layout={layout} />
        </div>
      </div>
    </section>
  )
}

/** The scale of the strip's track over tokens, or over the units that are shown. */
function stripScale(track: TrackName, tokens: readonly ScoredToken[], units: RunUnits | null) {
  const rows =
    units && units.unit.kind !== 'token'
      ? units.units.filter((unit) => unit.role !== 'outside')
      : tokens
  return trackScales([track], rows, units?.unit.kind)[0]!
}

interface StripUnitsProps {
  readonly layout: StripLayout
  readonly units: RunUnits | null
  readonly scale: TrackScale
  readonly first: number
  readonly end: number
}

/** Units other than tokens: one bar each, and a thin line that holds its chips together. */
const StripUnits = memo(function StripUnits({layout, units, scale, first, end}: StripUnitsProps) {
  const stretches = useMemo(
    () => (units && units.unit.kind !== 'token' ? stripStretches(layout, units.table) : []),
    [layout, units]
  )
  if (!units || end <= first) return null
  const fromPx = layout.xPx[first]!
  const toPx = layout.xPx[end - 1]! + layout.widthPx[end - 1]!
  return (
    <div aria-hidden="true">
      {stretches
        .filter(({xPx, widthPx}) => xPx < toPx && xPx + widthPx > fromPx)
        .map(({unit, xPx, widthPx, isJoined}) => {
          const scored = units.units[unit]!
          const value = TRACK_KINDS[scale.name].magnitude(scored)
          const isOutside = scored.role === 'outside'
          const share = value === null ? null : Math.min(1, value / scale.maximum)
          return (
            <div
              key={xPx}
              className="strip-unit"
              data-unit={unit}
              style={{left: xPx, width: widthPx}}
            >
              {isJoined && !isOutside && <span className="strip-joint" />}
              {isOutside ? null : share === null ? (
                <span className="none">—</span>
              ) : (
                <i style={{'--share': share.toFixed(3)} as React.CSSProperties} />
              )}
            </div>
          )
        })}
    </div>
  )
})

interface StripColumnsProps {
  readonly layout: StripLayout
  readonly tokens: readonly ScoredToken[]
  readonly units: RunUnits | null
  readonly scale: TrackScale
  readonly first: number
  readonly end: number
  readonly lensTrack: LensTrack | null
}

/** The columns in sight. Selection is drawn over them, so that hovering renders none of them. */
const StripColumns = memo(function StripColumns(props: StripColumnsProps) {
  const {layout, tokens, units, scale, first, end, lensTrack} = props
  const locked = useLocked()
  const isByToken = !units || units.unit.kind === 'token'
  return (
    <>
      {tokens.slice(first, end).map((token, i) => {
        const index = first + i
        const value = TRACK_KINDS[scale.name].magnitude(token)
        const own = lensTrack?.valueAt(index) ?? null
        const plainShare = value === null ? null : Math.min(1, value / scale.maximum)
        const share = lensTrack ? (own?.share ?? null) : plainShare
        const text = lensTrack
          ? `${lensTrack.label} ${own?.text ?? 'has no value'}`
          : valueText(scale, token, units, index)
        return (
          // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus and names its active option.
          <div
            key={index}
            id={`strip-token-${index}`}
            className="strip-column"
            role="option"
            aria-selected={index === locked}
            aria-posinset={index + 1}
            aria-setsize={tokens.length}
            aria-label={`${plainGlyphs(token)}, ${text}`}
            data-position={index}
            style={{left: layout.xPx[index], width: layout.widthPx[index]}}
          >
            <Chip
              cells={layout.cells[index]!}
              isSpecial={token.isSpecial}
              {...(lensTrack
                ? {ground: own?.ground ?? 'var(--sunken)'}
                : tokenTint(scale, token, units, index))}
            />
            <div className="strip-bar">
              {!isByToken ? null : share === null ? (
                <span className="none">—</span>
              ) : (
                <i style={{'--share': share.toFixed(3)} as React.CSSProperties} />
              )}
            </div>
          </div>
        )
      })}
    </>
  )
})

/** `0.27 bits`, or with units `word, sum 3.1 bits`. */
function valueText(
  {name}: TrackScale,
  token: ScoredToken,
  units: RunUnits | null,
  index: number
): string {
  if (!units || units.unit.kind === 'token') return trackValueText(name, token)
  const {one} = UNIT_NAMES[units.unit.kind]
  return unitsOfToken(units, index)
    .map(({unit}) => {
      const {role} = units.units[unit]!
      const what = role === 'outside' ? 'outside' : role === 'special' ? 'special token' : one
      return `${what}, ${trackAggregation(name)} ${trackValueText(name, units.units[unit]!)}`
    })
    .join('; ')
}

interface StripLabelsProps {
  readonly track: TrackName
  readonly units: RunUnits | null
  readonly tokens: readonly ScoredToken[]
  readonly lensTrack: LensTrack | null
}

function StripLabels({track, tokens, units, lensTrack}: StripLabelsProps) {
  const {changeParameters} = useActions()
  const {hovered, locked} = useSelection()
  const position = hovered ?? locked ?? -1
  const token = tokens[position]
  const shown = units && units.unit.kind !== 'token' ? units : null
  // A token that straddles borders is in no one unit.
  const pieces = shown && token ? unitsOfToken(shown, position) : []
  const row = shown && pieces.length === 1 ? shown.units[pieces[0]!.unit] : token
  if (lensTrack) {
    return (
      <div className="strip-labels">
        <div>tokens</div>
        <div>
          {lensTrack.label}
          <b>{(token && lensTrack.valueAt(position)?.text) ?? ''}</b>
        </div>
      </div>
    )
  }
  const scope = !shown ? '' : pieces.length === 1 ? trackAggregation(track) : 'token'
  return (
    <div className="strip-labels">
      <div>{shown ? UNIT_NAMES[shown.unit.kind].many : 'tokens'}</div>
      <div>
        <MenuTrigger>
          <Hint text={track} placement="bottom left">
            <Button
              look="plain"
              className="strip-track"
              aria-label={`Track: ${TRACK_KINDS[track].label}`}
            >
              {TRACK_KINDS[track].label} <DownIcon />
            </Button>
          </Hint>
          <Popover className="popover" placement="bottom start" offset={4}>
            <Menu
              className="menu"
              aria-label="Track of the strip"
              selectionMode="single"
              selectedKeys={[track]}
              onAction={(key) => changeParameters({stripTrack: key as TrackName})}
            >
              {(Object.keys(TRACK_KINDS) as TrackName[]).map((name) => (
                <MenuItem
                  key={name}
                  id={name}
                  className="menu-item"
                  textValue={TRACK_KINDS[name].label}
                >
                  {({isSelected}) => (
                    <>
                      <span className="tick">{isSelected ? '✓' : ''}</span>
                      {TRACK_KINDS[name].label}
                      <span className="end">{TRACK_KINDS[name].unit}</span>
                    </>
                  )}
                </MenuItem>
              ))}
            </Menu>
          </Popover>
        </MenuTrigger>
        <b>
          {row && scope && <span className="ink-3">{scope} </span>}
          {row ? trackValueText(track, row) : ''}
        </b>
      </div>
    </div>
  )
}

/**
 * A lock that the keyboard or another view made is scrolled into sight; hovering moves nothing. Where the strip is
 * scrolled to is remembered, which asking the element would have the whole page laid out for.
 */
function useRevealLocked(
  ref: React.RefObject<HTMLDivElement | null>,
  layout: StripLayout,
  locked: number | null,
  widthPx: number
): RefObject<number> {
  const scrolledPx = useRef(0)
  const last = useRef<number | null>(null)
  useLayoutEffect(() => {
    const element = ref.current
    if (!element || locked === null || widthPx === 0 || locked >= layout.xPx.length) return
    const left = layout.xPx[locked]!
    const right = left + layout.widthPx[locked]!
    const margin = Math.min(200, widthPx / 4)
    const start = scrolledPx.current
    // A token that is in sight stays where it is, so that nothing moves under the pointer; where the
    // text has grown, some of what follows is brought into sight too.
    const room = last.current === locked ? margin : 4
    last.current = locked
    const isBefore = left < start + 4
    if (!isBefore && Math.min(layout.totalPx, right + room) <= start + widthPx) return
    const px = isBefore ? left - margin : right + margin - widthPx
    // Where that is beyond an end the scroll that follows says so.
    scrolledPx.current = Math.max(0, px)
    scrollAfterCommit(element, {left: px})
  }, [ref, locked, widthPx, layout])
  return scrolledPx
}

/** A wheel that only turns up and down scrolls the strip sideways. */
function useWheel(ref: React.RefObject<HTMLDivElement | null>): void {
  useEffect(() => {
    const element = ref.current
    if (!element) return
    const listen = (event: WheelEvent) => {
      if (event.ctrlKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) return
      event.preventDefault()
      element.scrollLeft += event.deltaY
    }
    element.addEventListener('wheel', listen, {passive: false})
    return () => element.removeEventListener('wheel', listen)
  }, [ref])
}
