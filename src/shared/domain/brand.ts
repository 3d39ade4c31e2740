/** A number that may not be mistaken for another kind of number. */
export type Brand<Base, Name extends string> = Base & {readonly __brand?: Name}

/** An entry of a vocabulary. */
export type TokenId = Brand<number, 'TokenId'>
/** An index in the token sequence, from 0, inserted tokens included. */
export type Position = Brand<number, 'Position'>
