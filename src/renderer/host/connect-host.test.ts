import {beforeEach, expect, test, vi} from 'vitest'
import {FAKE_LISTING, FAKE_MODEL} from '../../shared/engine-client/fake-model.ts'
import type {HostBridge, HostMessage, PageMessage} from '../../shared/host/host-bridge.ts'
import {COMMANDS} from '../commands/registry.ts'
import {memoryStorage, openedWorkbench} from '../store/fake-workbench.ts'
import {connectHost} from './connect-host.ts'

beforeEach(() => vi.stubGlobal('localStorage', memoryStorage()))

/** A desktop that keeps what it was told and says what a test lets it say. */
function hostDouble() {
  const sent: PageMessage[] = []
  const listeners = new Set<(message: unknown) => void>()
  const bridge: HostBridge = {
    send: (message) => void sent.push(message),
    onMessage(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    pathOf: () => '',
  }
  return {
    bridge,
    sent,
    say: (message: HostMessage | Record<string, unknown>) => {
      for (const listener of listeners) listener(message)
    },
    menus: () => sent.flatMap((message) => (message.kind === 'commands' ? [message.commands] : [])),
    listenerCount: () => listeners.size,
  }
}

const OWN_PATH = '/models/own'

async function* loadedOwn() {
  yield {kind: 'loaded' as const, model: {...FAKE_MODEL, id: 'own', path: OWN_PATH}}
}

async function connected() {
  const workbench = await openedWorkbench({}, undefined, (client) => ({
    ...client,
    folders: {
      ...client.folders,
      list: async (input) => ({
        ...(await client.folders.list(input)),
        model:
          input.path === OWN_PATH
            ? {...FAKE_LISTING, id: 'own', path: OWN_PATH, source: 'recent' as const}
            : null,
      }),
    },
    models: {
      ...client.models,
      load: async (input, call) =>
        input.model === OWN_PATH ? (loadedOwn() as never) : client.models.load(input, call),
    },
  }))
  const host = hostDouble()
  const timers: (() => void)[] = []
  const end = connectHost(host.bridge, workbench, {
    commands: COMMANDS,
    after(_, callback) {
      timers.push(callback)
      return () => timers.splice(timers.indexOf(callback), 1)
    },
  })
  const pass = () => {
    for (const callback of timers.splice(0)) callback()
  }
  return {workbench, host, pass, end, timers}
}

test('the desktop hears every command with its key, and the theme, at once', async () => {
  const {host} = await connected()
  const [menu] = host.menus()
  const ids = COMMANDS.filter(
    ({isKeyOnly, isHiddenUnlessPossible}) => !isKeyOnly && !isHiddenUnlessPossible
  ).map(({id}) => id)
  expect(menu!.map(({id}) => id)).toEqual(ids)
  const undo = menu!.find(({id}) => id === 'undo')!
  expect(undo).toMatchObject({title: 'Undo', accelerator: 'CmdOrCtrl+Z', isEnabled: false})
  expect(host.sent).toContainEqual({kind: 'theme', theme: 'system'})
})

test('titles and what can be done are told again when they change, and only then', async () => {
  const {workbench, host, pass} = await connected()
  pass()
  expect(host.menus()).toHaveLength(1)
  workbench.actions.hover(1)
  workbench.actions.hover(2)
  pass()
  expect(host.menus()).toHaveLength(1)
  workbench.actions.setPromptText('Tom')
  workbench.actions.setPromptText('Tom has')
  pass()
  expect(host.menus()).toHaveLength(2)
  const undo = host.menus()[1]!.find(({id}) => id === 'undo')!
  expect(undo).toMatchObject({title: 'Undo typing', isEnabled: true})
})

test('a menu item does what its command does, and nothing where it cannot be done', async () => {
  const {workbench, host} = await connected()
  host.say({kind: 'run-command', id: 'undo'})
  workbench.actions.setPromptText('Tom has')
  host.say({kind: 'run-command', id: 'undo'})
  expect(workbench.seen().promptText).not.toBe('Tom has')
  host.say({kind: 'run-command', id: 'settings'})
  expect(workbench.seen().dialog).toBe('settings')
  host.say({kind: 'run-command', id: 'no such command'})
})

test('files, notices and links reach the page; what it does not know is left alone', async () => {
  const {workbench, host} = await connected()
  host.say({kind: 'notice', text: 'The folder is gone.'})
  expect(workbench.seen().notice).toBe('The folder is gone.')
  host.say({kind: 'open-file', name: 'a.txt', text: 'Odo has a cup.'})
  expect(workbench.seen().promptText).toBe('Odo has a cup.')
  host.say({kind: 'open-link', url: 'tokenscope://open#nonsense'})
  await vi.waitFor(() =>
    expect(workbench.seen().linkProblem ?? workbench.seen().notice).not.toBeNull()
  )
  host.say({kind: 'from-the-future', text: 'x'})
})

test('a folder that the desktop chose is opened, and the desktop hears of it once', async () => {
  const {workbench, host} = await connected()
  host.say({kind: 'open-folder', path: OWN_PATH})
  await workbench.until('the model', ({activeModelPath}) => activeModelPath === OWN_PATH)
  await vi.waitFor(() => expect(host.sent).toContainEqual({kind: 'opened', path: OWN_PATH}))
  workbench.actions.setPromptText('Tom')
  expect(host.sent.filter(({kind}) => kind === 'opened')).toHaveLength(1)
})

test('a folder without a model is shown in the chooser, and is not called opened', async () => {
  const {workbench, host} = await connected()
  host.say({kind: 'open-folder', path: '/home/mira/notes'})
  const {dialogNote} = await workbench.until('the chooser', ({dialog}) => dialog === 'folder')
  expect(dialogNote).toContain('notes')
  expect(host.sent.some(({kind}) => kind === 'opened')).toBe(false)
})

test('a change of the theme is told once, and nothing after the end', async () => {
  const {workbench, host, end, timers} = await connected()
  workbench.actions.changePreferences({theme: 'dark'})
  workbench.actions.changePreferences({textSizePx: 14})
  const themes = host.sent.filter(({kind}) => kind === 'theme')
  expect(themes).toEqual([
    {kind: 'theme', theme: 'system'},
    {kind: 'theme', theme: 'dark'},
  ])
  end()
  workbench.actions.changePreferences({theme: 'light'})
  expect(host.sent.filter(({kind}) => kind === 'theme')).toHaveLength(2)
  expect(host.listenerCount()).toBe(0)
  expect(timers).toHaveLength(0)
})
