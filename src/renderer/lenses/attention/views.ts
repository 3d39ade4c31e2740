/** Every head with its statistics. */
export const HEADS_VIEW = 'heads'
