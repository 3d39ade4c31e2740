import {
  DEFINITIONS,
  definitionNote,
  definitionText,
  isDefinitionKey,
} from '../../shared/help/definitions.ts'
import type {HintWords} from '../ui/hint-words.ts'

/** A hint that is the key of a definition says the definition with its unit and source; others themselves. */
export function hintWordsOf(hint: string): HintWords {
  if (!isDefinitionKey(hint)) return {text: hint, note: null}
  const {title} = DEFINITIONS[hint]
  const name = `${title[0]!.toUpperCase()}${title.slice(1)}`
  return {text: `${name}: ${definitionText(hint)}`, note: definitionNote(hint)}
}
