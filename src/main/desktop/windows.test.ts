import {readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import fc from 'fast-check'
import {afterEach, expect, test, vi} from 'vitest'
import {startDesktop, type TestDesktop} from '../test-desktop.ts'
import {cascade, defaultPlace, fitPlace, type Rectangle} from './window-place.ts'

let desktop: TestDesktop
afterEach(() => {
  vi.restoreAllMocks()
  desktop?.stop()
})

const wide = {x: 0, y: 0, width: 1920, height: 1040}
const place = (x: number, y: number, width: number, height: number) => ({
  bounds: {x, y, width, height},
  isMaximized: false,
  isFullScreen: false,
})
/** Starts once more, on the same data and other displays. */
const again = (before: TestDesktop, displays: {id: number; workArea: Rectangle}[]) =>
  startDesktop({
    keep: before,
    prepare: ({screen}) => {
      screen.displays = displays
    },
  })

test('a first window stands in the middle of the primary display', async () => {
  desktop = await startDesktop()
  expect(desktop.BrowserWindow.windows[0]!.options).toMatchObject({
    x: 240,
    y: 70,
    width: 1440,
    height: 900,
  })
  expect(defaultPlace({x: 100, y: 25, width: 1280, height: 720}).bounds).toEqual({
    x: 100,
    y: 25,
    width: 1280,
    height: 720,
  })
})

test('each window comes back where it stood, on displays that are still there', async () => {
  desktop = await startDesktop()
  const {BrowserWindow, say, userData} = desktop
  say({kind: 'new-window'})
  const [first, second] = BrowserWindow.windows
  expect(second!.options).toMatchObject({x: 268, y: 98, width: 1440, height: 900})
  first!.setBounds({x: 40, y: 50, width: 1000, height: 700})
  second!.setBounds({x: 2000, y: 100, width: 1200, height: 800})
  second!.maximize()
  second!.close()
  first!.close()
  expect(desktop.app.quitCount).toBe(1)
  expect(JSON.parse(readFileSync(join(userData, 'windows.json'), 'utf8')).windows).toEqual([
    place(40, 50, 1000, 700),
    {...place(2000, 100, 1200, 800), isMaximized: true},
  ])

  const beside = {id: 2, workArea: {x: 1920, y: 0, width: 2560, height: 1400}}
  const both = await again(desktop, [{id: 1, workArea: wide}, beside])
  both.say({kind: 'new-window'})
  const [firstAgain, secondAgain] = both.BrowserWindow.windows
  expect(firstAgain!.options).toMatchObject({x: 40, y: 50, width: 1000, height: 700})
  expect(secondAgain!.options).toMatchObject({x: 2000, y: 100, width: 1200, height: 800})
  expect(secondAgain!.isMaximized()).toBe(false)
  secondAgain!.emit('ready-to-show')
  expect(secondAgain!.isMaximized()).toBe(true)
  both.stop()

  const unplugged = await again(desktop, [{id: 1, workArea: wide}])
  unplugged.say({kind: 'new-window'})
  expect(unplugged.BrowserWindow.windows[1]!.options).toMatchObject({
    x: 240,
    y: 70,
    width: 1440,
    height: 900,
  })
  unplugged.stop()
})

test('a move is kept soon, not only when the window closes', async () => {
  desktop = await startDesktop()
  desktop.BrowserWindow.windows[0]!.setBounds({x: 1, y: 2, width: 900, height: 600})
  const path = join(desktop.userData, 'windows.json')
  await vi.waitFor(() =>
    expect(JSON.parse(readFileSync(path, 'utf8')).windows).toEqual([place(1, 2, 900, 600)])
  )
})

test('damaged places are set aside and the window stands where a first one would', async () => {
  desktop = await startDesktop()
  desktop.BrowserWindow.windows[0]!.close()
  const complain = vi.spyOn(console, 'error').mockReturnValue()
  for (const damaged of ['{', '{"version":1,"windows":[{"bounds":{"x":1e99}}]}']) {
    writeFileSync(join(desktop.userData, 'windows.json'), damaged)
    const next = await startDesktop({keep: desktop})
    expect(next.BrowserWindow.windows[0]!.options).toMatchObject({x: 240, width: 1440})
    next.listen()
    expect(next.heard()).toEqual([
      {kind: 'notice', text: expect.stringMatching(/windows\.json was damaged\. It was kept as/)},
    ])
    next.stop()
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  expect(complain).toHaveBeenCalledTimes(2)
  const kept = readdirSync(desktop.userData).filter((name) => name.startsWith('windows.damaged'))
  expect(kept.length).toBe(2)
})

test('a data folder that cannot be written stops nothing', async () => {
  const complain = vi.spyOn(console, 'error').mockReturnValue()
  desktop = await startDesktop({
    prepare: ({app}) => {
      // A folder below a file.
      app.paths.userData = join(process.execPath, 'nowhere')
    },
  })
  const {say, listen, heard, BrowserWindow} = desktop
  listen()
  say({kind: 'opened', path: '/models/a'})
  say({kind: 'opened', path: '/models/b'})
  const texts = heard()
    .map((message) => (message.kind === 'notice' ? message.text : ''))
    .filter((text) => text.includes('written'))
  // Once, however much is not remembered.
  expect(texts).toEqual([
    expect.stringMatching(/recent\.json could not be written.*not remembered/),
  ])
  BrowserWindow.windows[0]!.close()
  expect(complain.mock.calls.flat().join()).toMatch(/Native crash dumps are not kept/)
})

test('any remembered place ends where a person can take hold of it', () => {
  const area = fc.record({
    x: fc.integer({min: -6000, max: 6000}),
    y: fc.integer({min: -3000, max: 3000}),
    width: fc.integer({min: 640, max: 3840}),
    height: fc.integer({min: 480, max: 2160}),
  })
  const bounds = fc.record({
    x: fc.integer({min: -20_000, max: 20_000}),
    y: fc.integer({min: -20_000, max: 20_000}),
    width: fc.integer({min: 200, max: 6000}),
    height: fc.integer({min: 200, max: 4000}),
  })
  fc.assert(
    fc.property(bounds, fc.array(area, {minLength: 1, maxLength: 4}), (given, areas) => {
      const fitted = fitPlace({...place(0, 0, 1, 1), bounds: given}, areas).bounds
      // Counted point by point along the title bar instead of by intersecting rectangles.
      const reachable = areas.some((display) => {
        let columnCount = 0
        for (let x = fitted.x; x < fitted.x + fitted.width; x++) {
          if (x >= display.x && x < display.x + display.width) columnCount++
        }
        const isTopInside =
          fitted.y >= display.y &&
          fitted.y + Math.min(24, fitted.height) <= display.y + display.height
        return columnCount >= Math.min(120, fitted.width) && isTopInside
      })
      const fits = areas.some(({width, height}) => fitted.width <= width && fitted.height <= height)
      return reachable && fits
    })
  )
})

test('a place that fits is left alone, also across two displays', () => {
  const areas = [wide, {x: 1920, y: 0, width: 1920, height: 1080}]
  const across = place(1500, 100, 1000, 700)
  expect(fitPlace(across, areas)).toEqual(across)
  expect(fitPlace(place(1900, 1000, 1000, 700), [wide]).bounds).toEqual({
    x: 920,
    y: 340,
    width: 1000,
    height: 700,
  })
  expect(cascade(wide, [wide, {...wide, x: 28, y: 28}])).toMatchObject({x: 56, y: 56})
})
