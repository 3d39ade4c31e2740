import {ATTRIBUTION_DEFINITIONS} from './attribution-definitions.ts'
import type {Definition} from './definition.ts'
import {ENGINE_DEFINITIONS} from './engine-definitions.ts'
import {NEXT_DEFINITIONS} from './next-definitions.ts'
import {TOKEN_DEFINITIONS} from './token-definitions.ts'
import {TOKENIZER_DEFINITIONS} from './tokenizer-definitions.ts'

/**
 * Every number that the page shows, by its key. A hint names the key (`data-hint="surprisal"`) and shows
 * the text with its unit and source; a number without an entry here does not belong on the screen.
 */
export const DEFINITIONS = {
  ...TOKEN_DEFINITIONS,
  ...NEXT_DEFINITIONS,
  ...ATTRIBUTION_DEFINITIONS,
  ...TOKENIZER_DEFINITIONS,
  ...ENGINE_DEFINITIONS,
} as const satisfies Readonly<Record<string, Definition>>

export type DefinitionKey = keyof typeof DEFINITIONS

export const DEFINITION_KEYS = Object.keys(DEFINITIONS) as readonly DefinitionKey[]

export function isDefinitionKey(text: string): text is DefinitionKey {
  return Object.hasOwn(DEFINITIONS, text)
}

/** What a number means, in one paragraph: for hints and for those who read the screen by ear. */
export function definitionText(key: DefinitionKey): string {
  return DEFINITIONS[key].text
}

/** Its unit and where it is from, under the text of a hint. */
export function definitionNote(key: DefinitionKey): string {
  const {unit, source} = DEFINITIONS[key]
  return `Unit: ${unit}. Source: ${source}.`
}
