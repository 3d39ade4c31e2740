/** A prompt to start from, and what there is to see in it. */
export interface SamplePrompt {
  readonly text: string
  readonly what: string
}

/** Texts of the world that the built-in models know. The first is run when the app is opened. */
export const SAMPLES: readonly SamplePrompt[] = [
  {
    text: 'Mira visits Korva. Tom keeps lamps. Ana visits Belto. Mira keeps coins. Odo visits Tirok. Ana keeps shells. Where is Ana? Ana visits Belto. What keeps',
    what: 'names are hard to guess, what follows from them is not',
  },
  {
    text: 'words: river amber copper lantern falcon velvet ginger anchor meadow puzzle winter orchid hammer violet stone castle pepper willow river amber copper lantern falcon velvet ginger anchor meadow puzzle winter orchid hammer violet stone castle pepper willow',
    what: 'a list and its copy: surprisal falls to almost 0',
  },
  {
    text: 'list: silver = mountain, garden = needle, bridge = honey, forest = pilot, north = ruby, candle = parrot, valley = thunder, harbor = teacher. forest = pilot. north =',
    what: 'pairs to look up',
  },
  {
    text: 'Mira has 14 coins. Tom has 7 lamps. Mira is given 9. How many coins has Mira?',
    what: 'a plan, then a sum, digit by digit',
  },
  {
    text: '27 + 46 = 73. 64 - 28 = 36. 38 + 57 =',
    what: 'a sum that stops before its answer',
  },
  {
    text: 'glossary: river = café, lantern = 東森火, copper = 🤷🏽‍♀️, winter = שלום, meadow = 👍🏽. copper =',
    what: 'characters that are cut into bytes',
  },
]
