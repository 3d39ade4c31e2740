/** Ways to show what tokenizers do; the first is the one that a pane begins with. */
export const ALIGNED_VIEW = 'aligned'
export const TABLE_VIEW = 'token-table'
export const LANGUAGES_VIEW = 'languages'
export const VOCABULARY_VIEW = 'vocabulary'
export const NUMBERS_VIEW = 'numbers'
