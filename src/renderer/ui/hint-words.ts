import {createContext} from 'react'

/** What a hint says: its sentences, and under them in small where they are from. */
export interface HintWords {
  readonly text: string
  readonly note: string | null
}

/**
 * What a hint's name stands for. Controls know no definitions, so the frame hands in who does; without
 * it a hint is its own text.
 */
export const HintWordsContext = createContext<(hint: string) => HintWords>((text) => ({
  text,
  note: null,
}))
