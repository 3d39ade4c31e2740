import {formatCount, formatFixed} from '../../shared/figures/number-format.ts'
import type {ScoredToken} from '../../shared/lenses/tokens.ts'
import type {TargetOf} from '../lenses/target.ts'
import {selectLock, selectPins} from '../store/selection.ts'
import {selectRunData} from '../store/selectors.ts'
import type {Workbench} from '../store/workbench.ts'
import type {TargetCommand} from './command.ts'
import {copyText} from './copy-text.ts'

type TokenTarget = TargetOf<'token'>

function tokenOf({store, captures}: Workbench, {runId, position}: TokenTarget): ScoredToken | null {
  return selectRunData(store.getState(), captures, runId)?.tokens[position] ?? null
}

const lockToken: TargetCommand<'token'> = {
  id: 'token-lock',
  targets: 'token',
  section: 'do',
  titleOf: ({runId, position}, {store, captures}) =>
    selectLock(store.getState(), captures, runId) === position ? 'Let it go' : 'Hold it',
  run: ({actions}, {runId, position}) => actions.toggleLock(position, runId),
}

const pinToken: TargetCommand<'token'> = {
  id: 'token-pin',
  targets: 'token',
  section: 'do',
  titleOf: ({runId, position}, {store}) =>
    selectPins(store.getState(), runId).some(
      (pin) => pin.kind === 'token' && pin.position === position
    )
      ? 'Unpin it'
      : 'Pin it',
  run: ({actions}, {runId, position}) => actions.togglePin({kind: 'token', position}, runId),
}

const continueFromHere: TargetCommand<'token'> = {
  id: 'token-continue',
  targets: 'token',
  section: 'do',
  titleOf: (_, {store}) => {
    const count = store.getState().parameters.generateCount
    return count > 0
      ? `Generate ${formatCount(count)} more from here`
      : 'Run only the text up to here'
  },
  // The first token has nothing before it that it could follow.
  when: (target, workbench) => {
    const phase = workbench.store.getState().runStates[target.runId]?.phase.kind
    return target.position > 0 && phase !== 'running' && tokenOf(workbench, target) !== null
  },
  run: (workbench, target) => {
    const token = tokenOf(workbench, target)
    if (!token) return
    void workbench.actions.continueWith(target.position - 1, token.id, target.runId)
  },
}

/** The next token with the same id, after the last one the first. */
function nextSame(workbench: Workbench, target: TokenTarget): number | null {
  const tokens = selectRunData(workbench.store.getState(), workbench.captures, target.runId)?.tokens
  const id = tokens?.[target.position]?.id
  const places = tokens?.filter((token) => token.id === id).map(({position}) => position) ?? []
  if (places.length < 2) return null
  return places.find((position) => position > target.position) ?? places[0]!
}

const goToSame: TargetCommand<'token'> = {
  id: 'token-next-same',
  targets: 'token',
  section: 'go',
  titleOf: (target, workbench) =>
    `Go to its next occurrence, at ${formatCount(nextSame(workbench, target) ?? 0)}`,
  when: (target, workbench) => nextSame(workbench, target) !== null,
  run: (workbench, target) => {
    const position = nextSame(workbench, target)
    const {panes} = workbench.store.getState()
    if (position === null) return
    const pane = panes.findIndex(({runId}) => runId === target.runId)
    if (pane === 0 || pane === 1) workbench.actions.activatePane(pane)
    workbench.actions.jumpTo(position)
  },
}

const textOf = ({bytesHex}: ScoredToken): string =>
  new TextDecoder().decode(
    Uint8Array.from(bytesHex.match(/../gu) ?? [], (pair) => Number.parseInt(pair, 16))
  )

const copyToken = (
  id: string,
  title: (token: ScoredToken) => string,
  exactOf: (token: ScoredToken) => string | null
): TargetCommand<'token'> => ({
  id: `token-copy-${id}`,
  targets: 'token',
  section: 'copy',
  titleOf: (target, workbench) => {
    const token = tokenOf(workbench, target)
    return token ? title(token) : `Copy its ${id}`
  },
  when: (target, workbench) => {
    const token = tokenOf(workbench, target)
    return token !== null && exactOf(token) !== null
  },
  run: (workbench, target) => {
    const token = tokenOf(workbench, target)
    const value = token && exactOf(token)
    if (value !== null) void copyText(workbench, value)
  },
})

export const TOKEN_TARGETS: readonly TargetCommand[] = [
  lockToken,
  pinToken,
  continueFromHere,
  goToSame,
  copyToken(
    'text',
    () => 'Copy its text',
    (token) => textOf(token) || null
  ),
  copyToken(
    'id',
    ({id}) => `Copy its id ${formatCount(id)}`,
    ({id}) => String(id)
  ),
  copyToken(
    'bytes',
    () => 'Copy its bytes in hex',
    ({bytesHex}) => bytesHex.match(/../gu)?.join(' ') ?? null
  ),
  copyToken(
    'surprisal',
    ({surprisalBits}) => `Copy its surprisal ${formatFixed(surprisalBits ?? 0, 2)} bits`,
    ({surprisalBits}) => (surprisalBits === null ? null : String(surprisalBits))
  ),
]
