/** What a number on the screen means: shown beside it, in the list of definitions, and nowhere typed twice. */
export interface Definition {
  /** As labels and heads of columns name it. */
  readonly title: string
  /** `bits`; `none` in words where it has none, such as “a share from 0 to 1”. */
  readonly unit: string
  /** One to three plain sentences, exact. */
  readonly text: string
  /** Paper, equation or convention it is taken from; “ours” where nothing settles it. */
  readonly source: string
  /** Under which the list of definitions shows it. */
  readonly topic: DefinitionTopic
}

export const DEFINITION_TOPICS = [
  'Tokens',
  'Statistics of a token',
  'What may come next',
  'Attribution',
  'Text units',
  'Tokenizers',
  'Runs and lists',
  'Engine',
] as const
export type DefinitionTopic = (typeof DEFINITION_TOPICS)[number]
