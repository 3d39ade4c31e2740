import {Command} from 'commander'
import {flagOf} from './flag-values.ts'
import {addTokensFlags} from './tokens-flags.ts'
import {UsageError} from './usage-error.ts'

/** Flags of `models` as commander gives them. */
export interface ModelsFlags {
  json?: boolean
  out?: string[]
  config?: string
  progress?: string
  noPrompt?: boolean
}

/** The flags that mean something to a list of models, with what they do there. */
const TAKEN: Readonly<Record<string, string>> = {
  json: 'print the result as JSON',
  out: 'write the list: .json .csv; repeatable',
  config: 'a request as JSON or YAML; flags override it',
  progress: 'json or none: a list is there at once and reports none',
  noPrompt: 'changes nothing: a list of models holds no prompt',
}

/** Adds the common flags; those that mean nothing to a list of models are known and not shown. */
export function addModelsFlags(command: Command): Command {
  for (const option of addTokensFlags(new Command()).options) {
    const description = TAKEN[option.attributeName()]
    if (description === undefined) option.hideHelp()
    else option.description = description
    option.helpGroupHeading = undefined
    command.addOption(option)
  }
  return command
}

/** Throws a UsageError that names the first flag that only another command could use. */
export function checkModelsFlags(flags: ModelsFlags): void {
  const name = Object.keys(flags).find((candidate) => !(candidate in TAKEN))
  if (name === undefined) return
  throw new UsageError(
    `${flagOf(name)} means nothing to models, which lists what there is and runs none of it`
  )
}
