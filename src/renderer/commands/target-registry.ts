import type {TargetCommand} from './command.ts'

/** Every command on a thing that is pointed at; context menus read this list. */
export const TARGET_COMMANDS: readonly TargetCommand[] = []
