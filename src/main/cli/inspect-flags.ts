import {type Command, Option} from 'commander'
import {
  addGroup,
  type ModelFlags,
  modelOptions,
  type OutputFlags,
  outputOptions,
} from './flag-groups.ts'

/** Flags of `inspect` as commander gives them. */
export interface InspectFlags extends ModelFlags, OutputFlags {
  verify?: boolean
}

/** Adds every flag of `inspect` to its command, in the groups that help shows. */
export function addInspectFlags(command: Command): Command {
  addGroup(command, 'Model:', modelOptions())
  addGroup(command, 'Inspection:', [
    new Option(
      '--verify',
      'run the instrumented model beside the plain one on a short prompt, and compare'
    ),
  ])
  addGroup(command, 'Output:', outputOptions('the result', '.json'))
  return command
}
