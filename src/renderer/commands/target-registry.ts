import type {TargetKind, TargetOf} from '../lenses/target.ts'
import type {Workbench} from '../store/workbench.ts'
import {TARGET_SECTIONS, type TargetCommand} from './command.ts'
import {MODEL_TARGETS} from './model-targets.ts'
import {RUN_TARGETS} from './run-targets.ts'
import {CARD_TARGETS} from './token-card.ts'
import {TOKEN_TARGETS} from './token-targets.ts'
import {NODE_TARGETS} from './tree-nodes.ts'
import {VALUE_TARGETS} from './value-targets.ts'

/** Every command on a thing that is pointed at; context menus and the palette read this list. */
export const TARGET_COMMANDS: readonly TargetCommand[] = [
  ...CARD_TARGETS,
  ...TOKEN_TARGETS,
  ...NODE_TARGETS,
  ...RUN_TARGETS,
  ...MODEL_TARGETS,
  ...VALUE_TARGETS,
]

/** What can be done now with a thing, in the order of the menu's sections. */
export function targetCommandsFor<Kind extends TargetKind>(
  target: TargetOf<Kind>,
  workbench: Workbench
): TargetCommand<Kind>[] {
  const fitting = TARGET_COMMANDS.filter(
    (command) => command.targets === target.kind && (command.when?.(target, workbench) ?? true)
  )
  return TARGET_SECTIONS.flatMap((section) =>
    fitting.filter((command) => command.section === section)
  ) as unknown as TargetCommand<Kind>[]
}
