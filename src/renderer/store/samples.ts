/** A prompt to start from, and what there is to see in it. */
export interface SamplePrompt {
  readonly text: string
  readonly what: string
}

/** Texts of the world that the built-in models know. The first is run when the app is opened. */
export const SAMPLES: readonly SamplePrompt[] = [
  {
    text: 'Mira visits Korva. Tom keeps lamps. Ana visits Belto. Mira keeps coins. Odo visits Tirok. Where is Ana? Ana visits Belto. What keeps Tom? Tom keeps',
    what: 'what was said once is easy to say again',
  },
  {
    text: 'words: river amber copper lantern falcon velvet ginger anchor meadow puzzle winter orchid hammer violet stone castle pepper willow river amber copper lantern falcon velvet ginger anchor meadow puzzle winter orchid hammer violet stone castle pepper willow',
    what: 'a list and its copy: surprisal falls to almost 0',
  },
  {
    text: 'list: silver keys = mountain, garden bells = needle, stone lamps = pilot, silver lamps = parrot, valley maps = thunder, harbor drums = teacher, silver maps = orchid, stone keys = beacon, lemon cups = ruby, garden boats = honey. silver lamps =',
    what: 'pairs to look up, some keys nearly alike',
  },
  {
    text: 'Ana has 38 shells. Ana gives away 13. Ana is sent 21. Ana sells 9. How many shells has Ana? So we',
    what: 'a plan, then the sums, digit by digit',
  },
  {
    text: '27 + 46 = 73. 64 - 28 = 36. 38 + 57 =',
    what: 'a sum that stops before its answer',
  },
  {
    text: '( river [ amber { stone < copper > velvet } [ winter',
    what: 'brackets to be closed in their order',
  },
  {
    text: 'scripts: café 東西川 🙂 नापि 👍🏽 straße 👩‍🚀\nscripts: café',
    what: 'characters that are cut into bytes',
  },
]
