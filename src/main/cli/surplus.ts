import type {Command} from 'commander'
import {UsageError} from './usage-error.ts'

/** Throws a UsageError that names what was given beyond the arguments that a command takes. */
export function checkArgumentCount(command: Command): void {
  // The program itself says which commands there are.
  if (!command.parent) return
  const surplus = command.args.slice(command.registeredArguments.length)
  if (surplus.length === 0) return
  const names = surplus.map((text) => `“${text}”`).join(' ')
  const words = `${command.name()} does not take ${names}`
  const takesPrompt = command.options.some(
    ({long}) => long === '--prompt' && command.name() !== 'models'
  )
  throw new UsageError(takesPrompt ? `${words}; ${promptHint(command)}` : words)
}

/** A shell splits a prompt without quotes at its spaces. */
function promptHint(command: Command): string {
  const {prompt} = command.opts<{prompt?: string}>()
  return prompt === undefined
    ? 'a prompt is given as --prompt "…"'
    : 'a prompt of several words stands in quotes: --prompt "…"'
}
