import {z} from 'zod'

const rectangleSchema = z.object({
  x: z.number().int(),
  y: z.number().int(),
  width: z.number().int().positive(),
  height: z.number().int().positive(),
})
/** In device-independent pixels of the whole desktop. */
export type Rectangle = z.infer<typeof rectangleSchema>

export const placeSchema = z.object({
  /** Where it stands when it is neither maximised nor full screen. */
  bounds: rectangleSchema,
  isMaximized: z.boolean(),
  isFullScreen: z.boolean(),
})
/** Where a window stands. */
export type WindowPlace = z.infer<typeof placeSchema>

export const MIN_WIDTH_PX = 800
export const MIN_HEIGHT_PX = 500
const DEFAULT_WIDTH_PX = 1440
const DEFAULT_HEIGHT_PX = 900
/** How much of a window's top has to be on a display for a person to take hold of it. */
const GRIP_WIDTH_PX = 120
const GRIP_HEIGHT_PX = 24
/** Between two windows that would lie exactly above each other. */
const CASCADE_PX = 28

/** The middle of a display, in the usual size or what there is room for. */
export function defaultPlace(workArea: Rectangle): WindowPlace {
  const width = Math.min(DEFAULT_WIDTH_PX, workArea.width)
  const height = Math.min(DEFAULT_HEIGHT_PX, workArea.height)
  return {
    bounds: {
      x: workArea.x + Math.round((workArea.width - width) / 2),
      y: workArea.y + Math.round((workArea.height - height) / 2),
      width,
      height,
    },
    isMaximized: false,
    isFullScreen: false,
  }
}

/**
 * The place within displays that are there now: on the one it overlaps most, no larger than it, moved
 * inside; on the first display (the primary one) where the window could not be taken hold of.
 */
export function fitPlace(place: WindowPlace, workAreas: readonly Rectangle[]): WindowPlace {
  const [primary] = workAreas
  if (!primary) return place
  const {bounds} = place
  const grip = {...bounds, height: Math.min(GRIP_HEIGHT_PX, bounds.height)}
  const best = workAreas.reduce((a, b) => (overlap(bounds, b) > overlap(bounds, a) ? b : a))
  const isReachable = workAreas.some((area) => {
    const {width, height} = intersection(grip, area)
    return width >= Math.min(GRIP_WIDTH_PX, bounds.width) && height === grip.height
  })
  if (!isReachable && overlap(bounds, best) === 0) {
    return {...place, bounds: inside(defaultPlace(primary).bounds, primary)}
  }
  if (isReachable && bounds.width <= best.width && bounds.height <= best.height) return place
  return {...place, bounds: inside(bounds, best)}
}

/** Moved down and right of every window that stands exactly there. */
export function cascade(bounds: Rectangle, others: readonly Rectangle[]): Rectangle {
  let moved = bounds
  while (others.some(({x, y}) => x === moved.x && y === moved.y)) {
    moved = {...moved, x: moved.x + CASCADE_PX, y: moved.y + CASCADE_PX}
  }
  return moved
}

function inside(bounds: Rectangle, area: Rectangle): Rectangle {
  const width = Math.min(bounds.width, area.width)
  const height = Math.min(bounds.height, area.height)
  return {
    x: Math.min(Math.max(bounds.x, area.x), area.x + area.width - width),
    y: Math.min(Math.max(bounds.y, area.y), area.y + area.height - height),
    width,
    height,
  }
}

function intersection(a: Rectangle, b: Rectangle): {width: number; height: number} {
  return {
    width: Math.max(0, Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x)),
    height: Math.max(0, Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y)),
  }
}

function overlap(a: Rectangle, b: Rectangle): number {
  const {width, height} = intersection(a, b)
  return width * height
}
