import type {Lens} from '../lenses/lens.ts'
import type {WalkAxis} from '../lenses/walk.ts'
import {selectPane} from '../store/panes.ts'
import type {Shortcut} from '../ui/shortcut.ts'
import type {Command} from './command.ts'

/** The commands by which the axes of all lenses are walked; their keys work while the lens is in the active pane. */
export function walkCommandsOf(lenses: readonly Lens[]): Command[] {
  return lenses.flatMap((lens) => (lens.walk ?? []).flatMap((axis) => commandsOfAxis(lens, axis)))
}

function commandsOfAxis(lens: Lens, axis: WalkAxis): Command[] {
  const make = (word: string, by: number, shortcut: Shortcut | undefined): Command[] =>
    shortcut === undefined
      ? []
      : [
          {
            id: `${lens.id}-${word}-${axis.id}`,
            title: `${word[0]!.toUpperCase()}${word.slice(1)} ${axis.noun}`,
            group: 'go',
            detail: lens.title,
            shortcut,
            lens: lens.id,
            when: (state, workbench) =>
              selectPane(state).lensId === lens.id && axis.when(state, workbench, state.activePane),
            whyNot: () => `only in ${lens.title}`,
            run: (workbench) => axis.step(workbench, workbench.store.getState().activePane, by),
          },
        ]
  return [
    ...make('next', 1, axis.next),
    ...make('previous', -1, axis.previous),
    ...make('first', -Infinity, axis.first),
    ...make('last', Infinity, axis.last),
  ]
}
