/** A prompt to start from, and what there is to see in it. */
export interface SamplePrompt {
  readonly text: string
  readonly what: string
}

/** Texts of the world that the built-in models know. The first is run when the app is opened. */
export const SAMPLES: readonly SamplePrompt[] = [
  {
    text: 'Mira has a lamp. Mira gives Tom the lamp. Tom walks to the café and gives Ana a coin.\nAna puts the coin in a red box. Mira asks: who has the lamp?',
    what: 'names are hard to guess once, then easy',
  },
  {
    text: 'Mira has a lamp. Tom has a coin. Mira gives Tom the lamp. Who has the lamp?',
    what: 'what else it could have said',
  },
  {text: 'Mira has 14 coins. She is given 9 more.', what: 'a sum, one digit at a time'},
  {text: 'Tom counted: 東京 3, नमस्ते 4', what: 'characters that are cut into bytes'},
]
