import {formatCount} from '../../shared/figures/number-format.ts'
import type {TargetCommand} from './command.ts'
import {copyText} from './copy-text.ts'

const continueWith: TargetCommand<'candidate'> = {
  id: 'candidate-continue',
  targets: 'candidate',
  section: 'do',
  titleOf: () => 'Continue with it',
  when: ({runId}, {store}) => store.getState().runStates[runId]?.phase.kind !== 'running',
  run: ({actions}, {runId, position, tokenId}) =>
    void actions.continueWith(position, tokenId, runId),
}

const copyId: TargetCommand<'candidate'> = {
  id: 'candidate-copy-id',
  targets: 'candidate',
  section: 'copy',
  titleOf: ({tokenId}) => `Copy its id ${formatCount(tokenId)}`,
  run: (workbench, {tokenId}) => void copyText(workbench, String(tokenId)),
}

const copyProb: TargetCommand<'candidate'> = {
  id: 'candidate-copy-probability',
  targets: 'candidate',
  section: 'copy',
  titleOf: () => 'Copy its probability, as sampled',
  when: ({prob}) => prob !== null,
  run: (workbench, {prob}) => void copyText(workbench, String(prob)),
}

const copyValue: TargetCommand<'value'> = {
  id: 'value-copy',
  targets: 'value',
  section: 'copy',
  titleOf: ({name}) => `Copy ${name}, all its digits`,
  run: (workbench, {exact}) => void copyText(workbench, exact),
}

const copyNamed: TargetCommand<'value'> = {
  id: 'value-copy-named',
  targets: 'value',
  section: 'copy',
  titleOf: () => 'Copy it with its name',
  run: (workbench, {name, exact}) => void copyText(workbench, `${name}\t${exact}`),
}

const define: TargetCommand<'value'> = {
  id: 'value-define',
  targets: 'value',
  section: 'go',
  like: 'definitions',
  titleOf: ({name}) => `What ${name} is`,
  when: ({definition}) => definition !== null,
  run: ({actions}, {definition}) => actions.openDialog('definitions', definition ?? undefined),
}

export const VALUE_TARGETS: readonly TargetCommand[] = [
  continueWith,
  copyId,
  copyProb,
  define,
  copyValue,
  copyNamed,
]
