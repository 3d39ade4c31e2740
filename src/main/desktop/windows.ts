import {join} from 'node:path'
import {app, BrowserWindow, screen} from 'electron'
import {z} from 'zod'
import type {HostMessage} from '../../shared/host/host-bridge.ts'
import {createJsonFile} from './json-file.ts'
import type {Pages} from './pages.ts'
import {openWindow} from './window.ts'
import {
  cascade,
  defaultPlace,
  fitPlace,
  placeSchema,
  type Rectangle,
  type WindowPlace,
} from './window-place.ts'

const MAX_REMEMBERED = 16
const SAVE_DELAY_MS = 400
const placesSchema = z.object({
  version: z.literal(1),
  /** By the window's number: the first window comes back where the first one stood. */
  windows: z.array(placeSchema.nullable()).max(MAX_REMEMBERED),
})

/** The windows of the application. */
export interface Windows {
  open(): BrowserWindow
  /** The window in use, or the one used last; null where there is none. */
  current(): BrowserWindow | null
  /** Brings the window in use to the front, opening one where there is none. */
  show(): BrowserWindow
  /** Tells the window in use, opening one where there is none. */
  tell(message: HostMessage): void
}

/** Opens windows where they stood last time, and remembers where they stand. After `ready`. */
export function createWindows(pages: Pages): Windows {
  const file = createJsonFile({
    path: join(app.getPath('userData'), 'windows.json'),
    schema: placesSchema,
    fallback: {version: 1 as const, windows: []},
    tell: pages.announce,
  })
  const places: (WindowPlace | null)[] = [...file.read().windows]
  const numbers = new Map<BrowserWindow, number>()
  let lastUsed: BrowserWindow | null = null

  const open = () => {
    const taken = new Set(numbers.values())
    let number = 0
    while (taken.has(number)) number++
    const window = openWindow(placeOf(number))
    numbers.set(window, number)
    lastUsed ??= window
    remember(window, number)
    return window
  }

  const placeOf = (number: number): WindowPlace => {
    const workAreas = displayAreas()
    const others = [...numbers.keys()].filter((other) => !other.isDestroyed())
    const place = places[number] ?? places[0] ?? defaultPlace(workAreas[0]!)
    const bounds = cascade(
      place.bounds,
      others.map((other) => other.getBounds())
    )
    // Only what was closed in full screen or maximised comes back so, not every window after it.
    const own = places[number] ?? {isMaximized: false, isFullScreen: false}
    return fitPlace({...own, bounds}, workAreas)
  }

  const remember = (window: BrowserWindow, number: number) => {
    let timer: NodeJS.Timeout | undefined
    const save = () => {
      clearTimeout(timer)
      if (window.isDestroyed() || number >= MAX_REMEMBERED) return
      while (places.length < number) places.push(null)
      places[number] = {
        bounds: window.getNormalBounds(),
        isMaximized: window.isMaximized(),
        isFullScreen: window.isFullScreen(),
      }
      file.write({version: 1, windows: places})
    }
    const saveSoon = () => {
      clearTimeout(timer)
      timer = setTimeout(save, SAVE_DELAY_MS)
    }
    window.on('resize', saveSoon)
    window.on('move', saveSoon)
    window.on('maximize', saveSoon)
    window.on('unmaximize', saveSoon)
    window.on('enter-full-screen', saveSoon)
    window.on('leave-full-screen', saveSoon)
    window.on('close', save)
    window.on('focus', () => {
      lastUsed = window
    })
    window.on('closed', () => {
      clearTimeout(timer)
      numbers.delete(window)
      if (lastUsed === window) lastUsed = [...numbers.keys()].at(-1) ?? null
    })
  }

  const current = () => {
    const window = BrowserWindow.getFocusedWindow() ?? lastUsed
    return window && !window.isDestroyed() ? window : null
  }
  const show = () => {
    const window = current()
    if (!window) return open()
    if (window.isMinimized()) window.restore()
    window.focus()
    return window
  }

  pages.on('new-window', () => void open())
  return {open, current, show, tell: (message) => pages.tell(current() ?? open(), message)}
}

/** Where windows may stand, without task bars; the primary display first. */
function displayAreas(): Rectangle[] {
  const primary = screen.getPrimaryDisplay()
  const others = screen.getAllDisplays().filter(({id}) => id !== primary.id)
  return [primary, ...others].map(({workArea}) => workArea)
}
