import {UsageError} from './usage-error.ts'

const PX_PER_UNIT = {px: 1, in: 96, cm: 96 / 2.54, mm: 96 / 25.4} as const
const BYTES_PER_UNIT = {'': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40} as const

/** No model has so many layers or heads. */
const MOST_IN_RANGE = 10_000

/** `85mm`, `6in`, `12cm`, `720px` or a plain number of pixels, in CSS pixels (96 an inch). */
export function parseLengthPx(text: string, flag: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*(px|in|cm|mm)?$/.exec(text.trim()) ?? []
  if (number === undefined) {
    throw new UsageError(`${flag} takes a length in px, mm, cm or in, such as 85mm, not “${text}”`)
  }
  return Number(number) * PX_PER_UNIT[(unit ?? 'px') as keyof typeof PX_PER_UNIT]
}

/** `512M`, `2GB`, `1.5GiB` or a plain number of bytes; units are powers of 1024. */
export function parseSizeBytes(text: string, flag: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?$/i.exec(text.trim()) ?? []
  const bytes =
    number === undefined
      ? 0
      : Math.floor(
          Number(number) * BYTES_PER_UNIT[unit.toLowerCase() as keyof typeof BYTES_PER_UNIT]
        )
  if (bytes <= 0) throw new UsageError(`${flag} takes a size such as 512M or 2GB, not “${text}”`)
  return bytes
}

export function parseWhole(text: string, flag: string): number {
  if (!/^\d+$/.test(text.trim()) || !Number.isSafeInteger(Number(text))) {
    throw new UsageError(`${flag} takes a whole number, not “${text}”`)
  }
  return Number(text)
}

/** `3,7,12`. */
export function parseWholeList(text: string, flag: string): number[] {
  return text.split(',').map((part) => {
    if (!/^\d+$/.test(part.trim())) {
      throw new UsageError(`${flag} takes whole numbers with commas between, not “${text}”`)
    }
    return parseWhole(part, flag)
  })
}

/** `0-3,5`: whole numbers and stretches of them, both ends included; ascending, each once. */
export function parseRangeList(text: string, flag: string): number[] {
  const numbers = new Set<number>()
  for (const part of text.split(',')) {
    const [, start, end = start] = /^\s*(\d+)(?:-(\d+))?\s*$/.exec(part) ?? []
    const [first, last] = [Number(start), Number(end)]
    if (start === undefined || last < first || last >= MOST_IN_RANGE) {
      throw new UsageError(`${flag} takes numbers and stretches such as 0-3,5, not “${text}”`)
    }
    for (let number = first; number <= last; number++) numbers.add(number)
  }
  return [...numbers].sort((a, b) => a - b)
}

/** `3:7`: from the first up to the second, which is not among them. */
export function parseRange(text: string, flag: string): [start: number, end: number] {
  const [, start, end] = /^\s*(\d+):(\d+)\s*$/.exec(text) ?? []
  if (start === undefined || !(Number(end) > Number(start))) {
    throw new UsageError(`${flag} takes a stretch such as 3:7, which leaves 7 out, not “${text}”`)
  }
  return [Number(start), Number(end)]
}

/** One of some words. */
export function parseChoice<Choice extends string>(
  text: string,
  flag: string,
  choices: readonly Choice[]
): Choice {
  const choice = choices.find((candidate) => candidate === text)
  if (choice === undefined) {
    throw new UsageError(`${flag} takes ${inWords(choices)}, not “${text}”`)
  }
  return choice
}

/** `a, b or c`. */
export function inWords(words: readonly string[]): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}

/** Values of figures whose flags have another name. */
const NAMES: Readonly<Record<string, string>> = {widthPx: 'width', pins: 'pin', pairs: 'pin'}

/** `topK` → `--top-k`. */
export function flagOf(name: string): string {
  const flag = NAMES[name] ?? name
  return `--${flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}
