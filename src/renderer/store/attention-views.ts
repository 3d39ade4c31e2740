/** Every head in small. */
export const OVERVIEW_VIEW = 'overview'
/** Two heads beside each other, and what is between them. */
export const TWO_HEADS_VIEW = 'two-heads'
/** Tokens in two columns, and the weights as lines between them. */
export const LINES_VIEW = 'lines'
