import type {ColorScale, Theme} from './request.ts'

/** The colours of one theme: the design tokens as sRGB, since painters of files know no OKLCH. */
export interface Palette {
  readonly paper: string
  readonly sunken: string
  readonly ink1: string
  readonly ink2: string
  readonly ink3: string
  readonly ink4: string
  readonly mark: string
  readonly line: string
  readonly lineStrong: string
  readonly accent: string
  readonly accentSoft: string
  readonly accepted: string
  readonly rejected: string
  readonly untested: string
  readonly warning: string
  readonly seqInkLow: string
  readonly seqInkHigh: string
  /** Nine steps of one quantity, from zero to its maximum; chips take the first five. */
  readonly sequential: readonly string[]
  /** Eleven steps of a signed quantity; the sixth is zero. */
  readonly diverging: readonly string[]
  /** Names without order, to be taken in this order and each with a dash or a shape of its own. */
  readonly categories: readonly string[]
}

/** Converted from OKLCH once; where sRGB has no such colour the chroma was lowered until it has. */
const LIGHT: Palette = {
  paper: '#fdfefe',
  sunken: '#ebedf0',
  ink1: '#1c1f26',
  ink2: '#474b51',
  ink3: '#66696f',
  ink4: '#a8abb0',
  mark: '#9498a0',
  line: '#e0e2e5',
  lineStrong: '#bbbec2',
  accent: '#3a50d5',
  accentSoft: '#e7edff',
  accepted: '#106a72',
  rejected: '#bb3c06',
  untested: '#66696f',
  warning: '#8c5a03',
  seqInkLow: '#1c1f26',
  seqInkHigh: '#fdfbf9',
  sequential: [
    '#faf6ee',
    '#f7e6c9',
    '#f7cf97',
    '#f1ae65',
    '#e5843c',
    '#c15125',
    '#9c322c',
    '#6f2032',
    '#40142b',
  ],
  diverging: [
    '#193978',
    '#275ca8',
    '#4883c6',
    '#7caddb',
    '#b9d5ed',
    '#f1f3f5',
    '#e6cda9',
    '#d39b5c',
    '#b26e30',
    '#894b21',
    '#5e2e16',
  ],
  categories: [
    '#304e96',
    '#d27a1d',
    '#0d7671',
    '#6b004f',
    '#039adc',
    '#b94c29',
    '#333b01',
    '#b68498',
  ],
}

/** Each theme's colours. */
export const PALETTES: Readonly<Record<Theme, Palette>> = {
  light: LIGHT,
  dark: {
    paper: '#101216',
    sunken: '#212429',
    ink1: '#e6e8eb',
    ink2: '#b8bbc0',
    ink3: '#93979d',
    ink4: '#55585e',
    mark: '#6e7279',
    line: '#272a2e',
    lineStrong: '#474a51',
    accent: '#97a7ff',
    accentSoft: '#262c4e',
    accepted: '#5dc7cd',
    rejected: '#f48a61',
    untested: '#93979d',
    warning: '#e8b960',
    seqInkLow: '#f3f1ef',
    seqInkHigh: '#13161d',
    sequential: [
      '#1f1b17',
      '#352717',
      '#513518',
      '#6f431a',
      '#904f1f',
      '#cd6730',
      '#eb9043',
      '#f6bd74',
      '#fae8c0',
    ],
    diverging: [
      '#b0d6f6',
      '#78b0e7',
      '#5089cd',
      '#39609b',
      '#283d5f',
      '#1f2023',
      '#523621',
      '#83542a',
      '#b37736',
      '#d79e59',
      '#eecb95',
    ],
    categories: [
      '#4c7ce6',
      '#f6ac43',
      '#48e9df',
      '#9e3f7a',
      '#4ac3f6',
      '#be806d',
      '#5b6a0d',
      '#c7a1b0',
    ],
  },
  print: {
    ...LIGHT,
    paper: '#ffffff',
    sunken: '#f0f0f0',
  },
  grey: {
    paper: '#ffffff',
    sunken: '#ededed',
    ink1: '#1f1f1f',
    ink2: '#4a4a4a',
    ink3: '#696969',
    ink4: '#ababab',
    mark: '#989898',
    line: '#e2e2e2',
    lineStrong: '#bebebe',
    accent: '#636363',
    accentSoft: '#ededed',
    accepted: '#5d5d5d',
    rejected: '#6d6d6d',
    untested: '#696969',
    warning: '#666666',
    seqInkLow: '#1f1f1f',
    seqInkHigh: '#fcfcfc',
    sequential: [
      '#f6f6f6',
      '#e8e8e8',
      '#d6d6d6',
      '#bebebe',
      '#a0a0a0',
      '#787878',
      '#5c5c5c',
      '#414141',
      '#262626',
    ],
    diverging: [
      '#3d3d3d',
      '#5d5d5d',
      '#808080',
      '#a8a8a8',
      '#d1d1d1',
      '#f2f2f2',
      '#d1d1d1',
      '#a8a8a8',
      '#808080',
      '#5d5d5d',
      '#3d3d3d',
    ],
    categories: [
      '#535353',
      '#939393',
      '#666666',
      '#3b3b3b',
      '#909090',
      '#737373',
      '#363636',
      '#949494',
    ],
  },
}

/**
 * The sequential scales beside ember, for light and for dark. Every scale has the same lightness at
 * the same step, so that what is legible on one is on all, and grey print keeps the order.
 */
const OTHER_SCALES: Readonly<
  Record<Exclude<ColorScale, 'ember'>, Readonly<Record<'light' | 'dark', readonly string[]>>>
> = {
  ocean: {
    light: [
      '#eef9f8',
      '#cef1ef',
      '#a2e4e7',
      '#70cfdd',
      '#40b0cb',
      '#1284aa',
      '#0e638d',
      '#14436b',
      '#132643',
    ],
    dark: [
      '#171d21',
      '#1b2d39',
      '#1f4054',
      '#21556f',
      '#206b88',
      '#2b96b0',
      '#52bac9',
      '#87d9dd',
      '#caf3f2',
    ],
  },
  grey: {
    light: [
      '#f6f6f6',
      '#e8e8e8',
      '#d6d6d6',
      '#bebebe',
      '#a0a0a0',
      '#787878',
      '#5c5c5c',
      '#414141',
      '#262626',
    ],
    dark: [
      '#1c1c1c',
      '#2a2a2a',
      '#3c3c3c',
      '#4f4f4f',
      '#626262',
      '#878787',
      '#a9a9a9',
      '#c9c9c9',
      '#e9e9e9',
    ],
  },
}

/** A theme's colours with a chosen sequential scale; the grey theme is grey whatever is chosen. */
export function paletteOf(theme: Theme, colors: ColorScale): Palette {
  const palette = PALETTES[theme]
  if (colors === 'ember' || theme === 'grey') return palette
  return WITH_SCALE[colors][theme]
}

// Made once, so that the same choice is the same object and nothing is drawn again for it.
const withScale = (colors: Exclude<ColorScale, 'ember'>) => ({
  light: {...PALETTES.light, sequential: OTHER_SCALES[colors].light},
  dark: {...PALETTES.dark, sequential: OTHER_SCALES[colors].dark},
  print: {...PALETTES.print, sequential: OTHER_SCALES[colors].light},
})
const WITH_SCALE = {ocean: withScale('ocean'), grey: withScale('grey')}

/** Dashes of the categories, so that lines can be told apart without their colours. */
export const CATEGORY_DASHES = [
  '',
  '6 3',
  '2 2',
  '8 2 2 2',
  '10 4',
  '1 3',
  '4 2 1 2',
  '12 3 3 3',
] as const

/** How many of the sequential steps a token chip uses: on these the text need not change colour. */
export const CHIP_STEP_COUNT = 5

/**
 * Step of a value on a scale from 0 to `maximum`, from 0 for the first of `stepCount`. A value above
 * the maximum takes the last step.
 */
export function stepOf(value: number, maximum: number, stepCount: number): number {
  if (!(value > 0) || !(maximum > 0)) return 0
  const step = Math.ceil((value / maximum) * stepCount) - 1
  return step < 0 ? 0 : step >= stepCount ? stepCount - 1 : step
}
