import {bytesOfHex, displayTextOfBytes, type Token} from '../../../shared/domain/token.ts'
import {plainGlyphs} from '../../../shared/figures/token-glyphs.ts'

export interface TokenPlaceFound {
  readonly position: number
  readonly text: string
}

export interface FoundPlaces {
  readonly places: readonly TokenPlaceFound[]
  readonly hiddenCount: number
}

const MOST_PLACES = 50

/**
 * Tokens that some words may mean: the one at a position, then those where the text begins, which may
 * run over several tokens. Case is not looked at.
 */
export function foundPlaces(tokens: readonly Token[], words: string): FoundPlaces {
  if (words === '') return {places: [], hiddenCount: 0}
  const positions: number[] = []
  const number = /^#?\d+$/u.test(words.trim()) ? Number(words.trim().replace('#', '')) : null
  if (number !== null && number < tokens.length) positions.push(number)
  let text = ''
  /** Where each token begins in the text. */
  const starts = tokens.map((token) => {
    const start = text.length
    if (!token.isInserted) text += displayTextOfBytes(bytesOfHex(token.bytesHex)).toLowerCase()
    return start
  })
  const wanted = words.toLowerCase()
  let token = 0
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) {
    while (token + 1 < starts.length && starts[token + 1]! <= at) token += 1
    if (positions.at(-1) !== token && positions[0] !== token) positions.push(token)
  }
  const places = positions.slice(0, MOST_PLACES).map((position) => ({
    position,
    text: contextOf(tokens, position),
  }))
  return {places, hiddenCount: positions.length - places.length}
}

/** The token and what follows it, as they are drawn. */
function contextOf(tokens: readonly Token[], position: number): string {
  return tokens
    .slice(position, position + 4)
    .map((token) => plainGlyphs(token))
    .join('')
}
