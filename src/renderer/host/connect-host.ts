import {assertNever} from '../../shared/domain/assert-never.ts'
import {
  type HostBridge,
  type HostMessage,
  hostMessageSchema,
  type MenuCommand,
} from '../../shared/host/host-bridge.ts'
import type {Command} from '../commands/command.ts'
import {openFolderAt, openPromptFile} from '../sharing/open-files.ts'
import {selectActiveListing, selectLoaded} from '../store/models.ts'
import type {Workbench} from '../store/workbench.ts'
import {menuCommandsOf} from './menu-commands.ts'

/** Menus need not follow every move of the pointer. */
const TELL_DELAY_MS = 120

export interface HostDeps {
  readonly commands: readonly Command[]
  /** Calls back after a pause; answers what cancels it. */
  after(delayMs: number, callback: () => void): () => void
}

/**
 * The page's side of the desktop: tells it the commands for its menus, the theme, and what was opened; does
 * what it asks for. Answers what ends it.
 */
export function connectHost(
  bridge: HostBridge,
  workbench: Workbench,
  {commands, after}: HostDeps
): () => void {
  const {store, actions} = workbench
  let told: readonly MenuCommand[] = []
  let toldTheme: string | null = null
  let toldPath: string | null = null
  let cancelTelling: (() => void) | null = null

  const tellCommands = () => {
    cancelTelling = null
    const now = menuCommandsOf(commands, workbench)
    if (areSame(now, told)) return
    told = now
    bridge.send({kind: 'commands', commands: [...now]})
  }
  const follow = () => {
    const state = store.getState()
    const {theme} = state.preferences
    if (theme !== toldTheme) {
      toldTheme = theme
      bridge.send({kind: 'theme', theme})
    }
    // Only what was opened from somewhere on this machine: built-in models are always at hand.
    const listing = selectActiveListing(state)
    const isOpened = listing !== null && listing.source !== 'builtin'
    if (isOpened && listing.path !== toldPath && selectLoaded(state, listing.path)) {
      toldPath = listing.path
      bridge.send({kind: 'opened', path: listing.path})
    }
    cancelTelling ??= after(TELL_DELAY_MS, tellCommands)
  }

  const obey = (message: HostMessage) => {
    switch (message.kind) {
      case 'run-command': {
        const command = commands.find(({id}) => id === message.id)
        // What the menu shows may be older than what the page can do.
        if (command?.when(store.getState(), workbench)) command.run(workbench)
        return
      }
      case 'open-folder':
        void openFolderAt(workbench, message.path)
        return
      case 'open-file':
        openPromptFile(workbench, message.name, message.text)
        return
      case 'open-link':
        void actions.openLink(message.url)
        return
      case 'notice':
        actions.notify(message.text)
        return
      default:
        assertNever(message)
    }
  }

  const stopFollowing = store.subscribe(follow)
  tellCommands()
  follow()
  const stopListening = bridge.onMessage((raw) => {
    const parsed = hostMessageSchema.safeParse(raw)
    // A newer desktop may say what this page does not know.
    if (parsed.success) obey(parsed.data)
  })
  return () => {
    stopFollowing()
    stopListening()
    cancelTelling?.()
  }
}

const areSame = (a: readonly MenuCommand[], b: readonly MenuCommand[]): boolean =>
  a.length === b.length &&
  a.every((command, i) => {
    const other = b[i]!
    return (
      command.id === other.id &&
      command.title === other.title &&
      command.isEnabled === other.isEnabled &&
      command.accelerator === other.accelerator
    )
  })
