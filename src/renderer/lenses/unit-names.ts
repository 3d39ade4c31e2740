import type {UnitChoice, UnitKind} from '../../shared/units/unit-choice.ts'
import {UNIT_NAMES} from '../../shared/units/unit-words.ts'

/** Every unit in the order in which they are offered, with what it is in a sentence. */
export const UNIT_CHOICES: readonly {readonly kind: UnitKind; readonly definition: string}[] = [
  {
    kind: 'byte',
    definition: 'Each byte has its share of its token: a token of 5 bytes gives each a fifth.',
  },
  {kind: 'token', definition: 'Each token as the tokenizer cut it.'},
  {
    kind: 'word',
    definition:
      'Words and punctuation marks by the Unicode rules (UAX 29); white space belongs to the word after it.',
  },
  {
    kind: 'sentence',
    definition: 'Sentences by the Unicode rules (UAX 29); white space belongs to the one after it.',
  },
  {kind: 'line', definition: 'Lines; a line end belongs to the line that it ends.'},
  {kind: 'paragraph', definition: 'Paragraphs; blank lines belong to the paragraph before them.'},
  {kind: 'turn', definition: 'Turns of the chat, the template’s own words included.'},
  {
    kind: 'regex',
    definition: 'Every match of a regular expression; what no match covers is counted as outside.',
  },
  {
    kind: 'spans',
    definition: 'Stretches that you draw over the text; what none covers is counted as outside.',
  },
]

export const UNIT_DEFINITIONS = Object.fromEntries(
  UNIT_CHOICES.map(({kind, definition}) => [kind, definition])
) as Readonly<Record<UnitKind, string>>

const MOST_SOURCE = 14

/** The unit as its button names it: `word`, `/\d+/`, `3 drawn spans`. */
export function unitLabel(unit: UnitChoice, spanCount: number): string {
  if (unit.kind === 'regex' && unit.source !== '') {
    const {source, flags} = unit
    return `/${source.length > MOST_SOURCE ? `${source.slice(0, MOST_SOURCE)}…` : source}/${flags}`
  }
  if (unit.kind === 'spans') {
    return `${spanCount} drawn ${spanCount === 1 ? 'span' : 'spans'}`
  }
  return UNIT_NAMES[unit.kind].one
}

/** The choice of a unit by its kind alone; matches keep the expression that was used last. */
export function choiceOfKind(kind: UnitKind, source = '', flags = ''): UnitChoice {
  if (kind === 'regex') return {kind, source, flags}
  if (kind === 'spans') return {kind, spans: []}
  return {kind}
}
