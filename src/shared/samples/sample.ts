import {
  formatBits,
  formatCount,
  formatProb,
  formatRank,
  formatSetting,
} from '../figures/number-format.ts'
import {plainGlyphs} from '../figures/token-glyphs.ts'
import type {CaptionPart} from '../figures/tokens/caption.ts'
import type {ScoredToken, TokensResult} from '../lenses/tokens.ts'

/** A number or a token that a caption takes from the live result; never typed in. */
export type Slot =
  | {readonly kind: 'bits'; readonly value: number}
  | {readonly kind: 'prob'; readonly value: number}
  | {readonly kind: 'count'; readonly value: number}
  /** A parameter, such as a temperature. */
  | {readonly kind: 'setting'; readonly value: number}
  /** From 0, as in data. */
  | {readonly kind: 'rank'; readonly value: number}
  | {readonly kind: 'token'; readonly token: {readonly bytesHex: string}}

export type Slots = Readonly<Record<string, Slot>>

/** Something that a sample shows, in a form that can be found false; what it looks at is its lens's. */
export interface Claim<Result> {
  /** As the menu says it, in a few words and without a number. */
  readonly name: string
  /** The numbers it is about; null where the result does not have them. */
  measure(result: Result): Slots | null
  holds(slots: Slots): boolean
  /** Words with slots in braces, such as `falls to {second}`; nothing else in it is a number. */
  readonly caption: string
}

/** The token that is locked, `end` for the prompt's last, and the text that it must have. */
export interface SampleToken {
  readonly position: number | 'end'
  readonly text: string
}

/** What a lens says of its samples. */
export interface SampleParts {
  /** What is selected when one is opened, beside the token that every lens has locked. */
  readonly selection: object
  /** What the lens is asked with, as a temperature; what is left out stays as the person has it. */
  readonly settings: object
  /** What its claims measure. */
  readonly result: unknown
}

/** A prompt to start from in a lens, and what there is to see in it. */
export interface SampleOf<Lens extends string, Parts extends SampleParts> {
  readonly id: string
  readonly title: string
  readonly lens: Lens
  /** The view of its lens that it opens in; a pane that shows the lens keeps its own where absent. */
  readonly view?: string | null
  /** The model that the claim is tested on. */
  readonly model: string
  readonly prompt: string
  /** What follows it, as text. */
  readonly response?: string
  readonly selection: SampleToken & Parts['selection']
  readonly settings?: Parts['settings']
  readonly claim: Claim<Parts['result']>
}

export const bits = (value: number): Slot => ({kind: 'bits', value})
export const prob = (value: number): Slot => ({kind: 'prob', value})
export const count = (value: number): Slot => ({kind: 'count', value})
export const setting = (value: number): Slot => ({kind: 'setting', value})
export const rank = (value: number): Slot => ({kind: 'rank', value})
export const token = ({bytesHex}: {readonly bytesHex: string}): Slot => ({
  kind: 'token',
  token: {bytesHex},
})

/** The number in a slot; throws for a token's. */
export function numberIn(slots: Slots, name: string): number {
  const slot = slots[name]
  if (!slot || slot.kind === 'token') throw new Error(`no number in slot ${name}`)
  return slot.value
}

function textOf(slot: Slot): CaptionPart {
  switch (slot.kind) {
    case 'bits':
      return {kind: 'words', text: `${formatBits(slot.value)} bits`}
    case 'prob':
      return {kind: 'words', text: formatProb(slot.value)}
    case 'count':
      return {kind: 'words', text: formatCount(slot.value)}
    case 'setting':
      return {kind: 'words', text: formatSetting(slot.value)}
    case 'rank':
      return {kind: 'words', text: formatRank(slot.value)}
    case 'token':
      return {kind: 'token', text: plainGlyphs({...slot.token, isSpecial: true}) || '∅'}
  }
}

/** A caption's words with its slots filled. Throws for a slot that was not measured. */
export function filledCaption(caption: string, slots: Slots): CaptionPart[] {
  return caption.split(/(\{\w+\})/u).flatMap((piece): CaptionPart[] => {
    const name = /^\{(\w+)\}$/u.exec(piece)?.[1]
    if (name === undefined) return piece === '' ? [] : [{kind: 'words', text: piece}]
    const slot = slots[name]
    if (!slot) throw new Error(`the caption names ${piece}, which was not measured`)
    return [textOf(slot)]
  })
}

/** The numbers of a claim that holds; null where it does not, or where they are not there yet. */
export function slotsOf<Result>(claim: Claim<Result>, result: Result): Slots | null {
  const slots = claim.measure(result)
  return slots && claim.holds(slots) ? slots : null
}

/** Typed tokens of a result that have a surprisal. */
export function scoredPrompt(
  result: Pick<TokensResult, 'tokens' | 'promptTokenCount'>
): readonly ScoredToken[] {
  return result.tokens
    .slice(0, result.promptTokenCount)
    .filter((entry) => entry.surprisalBits !== null && !entry.isInserted)
}

export function meanBits(tokens: readonly ScoredToken[]): number {
  return tokens.reduce((sum, entry) => sum + entry.surprisalBits!, 0) / tokens.length
}
