import {memo, type PointerEvent, useEffect, useLayoutEffect, useMemo, useRef, useState} from 'react'
import {Menu, MenuItem, MenuTrigger, Popover} from 'react-aria-components'
import {plainGlyphs} from '../../shared/figures/token-glyphs.ts'
import {
  TRACK_KINDS,
  type TrackName,
  type TrackScale,
  tintStep,
  trackScales,
} from '../../shared/figures/tokens/tracks.ts'
import type {ScoredToken} from '../../shared/lenses/tokens.ts'
import {useLocked, useSelection, useTokenActions} from '../lenses/use-pane.ts'
import {useRunData} from '../lenses/use-tokens.ts'
import {useActions, useWorkbenchState} from '../lenses/use-workbench.ts'
import {Button} from '../ui/button.tsx'
import {Chip} from '../ui/chip.tsx'
import {DownIcon} from '../ui/icons.tsx'
import {Hint} from '../ui/tooltip.tsx'
import {useSize} from '../ui/use-size.ts'
import {layoutStrip, type StripLayout, visibleTokens} from './strip-layout.ts'
import {TRACK_DEFINITIONS, trackValueText} from './track-text.ts'
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
          <div title={TRACK_DEFINITIONS[track]}>{TRACK_KINDS[track].label}</div>
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
  const {hover, toggleLock} = useTokenActions()
  const layout = useMemo(() => layoutStrip(tokens, promptTokenCount), [tokens, promptTokenCount])
  const scale = useMemo(() => trackScales([track], tokens)[0]!, [track, tokens])
  const [scrollRef, {widthPx}] = useSize<HTMLDivElement>()
  const [scrollPx, setScrollPx] = useState(0)
  const [first, end] = visibleTokens(
    layout,
    scrollPx - OVERSCAN_PX,
    scrollPx + widthPx + OVERSCAN_PX
  )
  const locked = useLocked()
  useRevealLocked(scrollRef, layout, locked, widthPx)
  useWheel(scrollRef)

  // By place and not by element, so that the gaps between chips belong to one of them.
  const positionAt = (event: PointerEvent | React.MouseEvent) => {
    const {left} = event.currentTarget.getBoundingClientRect()
    const x = event.clientX - left - PADDING_PX + event.currentTarget.scrollLeft
    const [position] = visibleTokens(layout, x, x + 1)
    return x >= 0 && x <= layout.totalPx && position < tokens.length ? position : null
  }
  return (
    <section className="strip" aria-label="Tokens">
      <StripLabels track={track} tokens={tokens} />
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the same is done by keys on the whole. */}
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
          // Drawn again only when what is drawn no longer covers what is seen.
          const next = Math.round(event.currentTarget.scrollLeft / 50) * 50
          setScrollPx(next)
        }}
        onPointerMove={(event) => hover(positionAt(event))}
        onPointerLeave={() => hover(null)}
        onClick={(event) => {
          const position = positionAt(event)
          if (position !== null) toggleLock(position)
        }}
      >
        <div className="strip-canvas" role="presentation" style={{width: layout.totalPx}}>
          <StripMarks layout={layout} />
          <StripColumns {...{layout, tokens, scale, first, end}} />
          {layout.ruleXPx !== null && (
            <span className="strip-rule" style={{left: layout.ruleXPx}} aria-hidden="true" />
          )}
          <StripRings layout={layout} />
        </div>
      </div>
    </section>
  )
}

interface StripColumnsProps {
  readonly layout: StripLayout
  readonly tokens: readonly ScoredToken[]
  readonly scale: TrackScale
  readonly first: number
  readonly end: number
}

/** The columns in sight. Selection is drawn over them, so that hovering renders none of them. */
const StripColumns = memo(function StripColumns(props: StripColumnsProps) {
  const {layout, tokens, scale, first, end} = props
  const locked = useLocked()
  return (
    <>
      {tokens.slice(first, end).map((token, i) => {
        const index = first + i
        const value = TRACK_KINDS[scale.name].magnitude(token)
        const share = value === null ? null : Math.min(1, value / scale.maximum)
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
            aria-label={`${plainGlyphs(token)}, ${trackValueText(scale.name, token)}`}
            data-position={index}
            style={{left: layout.xPx[index], width: layout.widthPx[index]}}
          >
            <Chip
              cells={layout.cells[index]!}
              isSpecial={token.isSpecial}
              tint={tintStep(scale, token)}
            />
            <div className="strip-bar">
              {share === null ? (
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

/** Soft grounds of the hovered and the locked token, under the columns. */
function StripMarks({layout}: {readonly layout: StripLayout}) {
  const {hovered, locked} = useSelection()
  return (
    <>
      <StripPlace layout={layout} position={hovered} className="strip-ground" />
      <StripPlace layout={layout} position={locked} className="strip-ground" />
    </>
  )
}

function StripRings({layout}: {readonly layout: StripLayout}) {
  const {hovered, locked} = useSelection()
  return (
    <>
      <StripPlace layout={layout} position={hovered} className="strip-ring hovered" />
      <StripPlace layout={layout} position={locked} className="strip-ring" />
      <StripPlace layout={layout} position={locked} className="strip-underline" />
    </>
  )
}

interface StripPlaceProps {
  readonly layout: StripLayout
  readonly position: number | null
  readonly className: string
}

function StripPlace({layout, position, className}: StripPlaceProps) {
  if (position === null || position >= layout.xPx.length) return null
  const style = {left: layout.xPx[position], width: layout.widthPx[position]}
  return <span className={className} style={style} aria-hidden="true" />
}

interface StripLabelsProps {
  readonly track: TrackName
  readonly tokens: readonly ScoredToken[]
}

function StripLabels({track, tokens}: StripLabelsProps) {
  const {changeParameters} = useActions()
  const {hovered, locked} = useSelection()
  const token = tokens[hovered ?? locked ?? -1]
  return (
    <div className="strip-labels">
      <div>tokens</div>
      <div>
        <MenuTrigger>
          <Hint text={TRACK_DEFINITIONS[track]} placement="bottom left">
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
        <b>{token ? trackValueText(track, token) : ''}</b>
      </div>
    </div>
  )
}

/** A lock that the keyboard or another view made is scrolled into sight; hovering moves nothing. */
function useRevealLocked(
  ref: React.RefObject<HTMLDivElement | null>,
  layout: StripLayout,
  locked: number | null,
  widthPx: number
): void {
  const last = useRef<number | null>(null)
  useLayoutEffect(() => {
    const element = ref.current
    if (!element || locked === null || widthPx === 0 || locked >= layout.xPx.length) return
    const left = layout.xPx[locked]!
    const right = left + layout.widthPx[locked]!
    const margin = Math.min(200, widthPx / 4)
    const end = element.scrollLeft + widthPx
    // A token that is in sight stays where it is, so that nothing moves under the pointer; where the
    // text has grown, some of what follows is brought into sight too.
    const room = last.current === locked ? margin : 4
    last.current = locked
    if (left < element.scrollLeft + 4) element.scrollLeft = left - margin
    else if (Math.min(layout.totalPx, right + room) > end) {
      element.scrollLeft = right + margin - widthPx
    }
  }, [ref, locked, widthPx, layout])
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
