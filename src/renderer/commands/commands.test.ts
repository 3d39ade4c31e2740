import {describe, expect, test} from 'vitest'
import type {Lens} from '../lenses/lens.ts'
import {openedWorkbench} from '../store/fake-workbench.ts'
import type {Workbench} from '../store/workbench.ts'
import {acceleratorOf, matchesShortcut, type Shortcut} from '../ui/shortcut.ts'
import {type Command, plainTitleOf, shortcutsOf, titleOf} from './command.ts'
import {commandOfKey} from './find-command.ts'
import {KEPT_KEYS} from './kept-keys.ts'
import {COMMANDS} from './registry.ts'
import {TARGET_COMMANDS} from './target-registry.ts'
import {walkCommandsOf} from './walk-axes.ts'

/** Where both keys are there and pressed alike. */
const clash = (a: Shortcut, b: Shortcut) =>
  a.key === b.key &&
  (a.mod ?? false) === (b.mod ?? false) &&
  (a.alt ?? false) === (b.alt ?? false) &&
  (a.shift ?? false) === (b.shift ?? false) &&
  (a.on === undefined || b.on === undefined || a.on === b.on)

describe('the registry', () => {
  test('ids are unique, of commands and of target commands', () => {
    const ids = [...COMMANDS.map(({id}) => id), ...TARGET_COMMANDS.map(({id}) => id)]
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([])
    for (const id of ids) expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/u)
  })

  test('no two commands have the same key in the same place', () => {
    const clashes: string[] = []
    for (const [i, a] of COMMANDS.entries()) {
      for (const b of COMMANDS.slice(i + 1)) {
        // A command of a lens goes before one of the page, so only its own lens can clash.
        if (a.lens !== b.lens) continue
        const isShared = shortcutsOf(a).some((x) => shortcutsOf(b).some((y) => clash(x, y)))
        if (isShared) clashes.push(`${a.id} and ${b.id}`)
      }
    }
    expect(clashes).toEqual([])
  })

  test('no command has a key that the browser keeps', () => {
    const taken = COMMANDS.filter((command) =>
      shortcutsOf(command).some((shortcut) => KEPT_KEYS.some((kept) => clash(shortcut, kept)))
    )
    expect(taken.map(({id}) => id)).toEqual([])
  })

  test('keys that write do nothing while one writes', () => {
    for (const command of COMMANDS) {
      const isWriting = shortcutsOf(command).some(
        ({key, mod, alt}) => !mod && !alt && !/^F\d+$/u.test(key)
      )
      if (isWriting) expect(command.worksInText, command.id).not.toBe(true)
    }
  })

  test('every title is a plain sentence, whatever the state', async () => {
    const workbench = await openedWorkbench()
    for (const command of COMMANDS) {
      for (const title of [titleOf(command, workbench), plainTitleOf(command)]) {
        expect(title, command.id).toMatch(/^[A-Z0-9].*[^.!]$/u)
      }
    }
  })

  test('each command that cannot be done now can say why', async () => {
    const workbench = await openedWorkbench()
    const state = workbench.store.getState()
    for (const command of COMMANDS) {
      if (command.when(state, workbench) || command.isKeyOnly) continue
      expect(command.whyNot?.(state, workbench) ?? '', command.id).not.toBe('')
    }
  })
})

const press = (key: string, more: Partial<KeyboardEvent> = {}) =>
  ({
    key,
    code: '',
    metaKey: false,
    ctrlKey: false,
    altKey: false,
    shiftKey: false,
    ...more,
  }) as KeyboardEvent

describe('keys', () => {
  const idOf = (
    event: KeyboardEvent,
    place: 'page' | 'document-text' | 'other-text',
    bench: Workbench
  ) => commandOfKey(COMMANDS, event, place, bench)?.command.id ?? null

  test('undo is the workspace’s in its own text, and the field’s in every other', async () => {
    const workbench = await openedWorkbench()
    const z = press('z', {ctrlKey: true})
    expect(idOf(z, 'page', workbench)).toBe('undo')
    expect(idOf(z, 'document-text', workbench)).toBe('undo')
    expect(idOf(z, 'other-text', workbench)).toBeNull()
    expect(idOf(press('y', {ctrlKey: true}), 'page', workbench)).toBe('redo')
    expect(idOf(press('Z', {ctrlKey: true, shiftKey: true}), 'page', workbench)).toBe('redo')
  })

  test('letters and arrows are commands on the page alone', async () => {
    const workbench = await openedWorkbench()
    for (const key of ['g', 'ArrowLeft', 'Home', '?']) {
      expect(idOf(press(key, {shiftKey: key === '?'}), 'page', workbench)).not.toBeNull()
      expect(idOf(press(key, {shiftKey: key === '?'}), 'document-text', workbench)).toBeNull()
    }
  })

  test('a keyboard of another script presses what stands on the key', () => {
    const undoKey = {key: 'z', mod: true}
    expect(matchesShortcut(press('я', {code: 'KeyZ', ctrlKey: true}), undoKey, false)).toBe(true)
    // A Latin layout that has Y where others have Z means its own letters.
    expect(matchesShortcut(press('y', {code: 'KeyZ', ctrlKey: true}), undoKey, false)).toBe(false)
  })

  test('Ctrl is the key’s on most machines and ⌘ on a Mac, never both', () => {
    const find = {key: 'k', mod: true}
    expect(matchesShortcut(press('k', {ctrlKey: true}), find, false)).toBe(true)
    expect(matchesShortcut(press('k', {ctrlKey: true}), find, true)).toBe(false)
    expect(matchesShortcut(press('k', {metaKey: true}), find, true)).toBe(true)
    expect(matchesShortcut(press('k', {metaKey: true, ctrlKey: true}), find, true)).toBe(false)
    const back = {key: 'ArrowLeft', alt: true, on: 'others'} as const
    expect(matchesShortcut(press('ArrowLeft', {altKey: true}), back, true)).toBe(false)
  })

  test('accelerators are written as Electron reads them', () => {
    expect(acceleratorOf({key: 'z', mod: true, shift: true})).toBe('CmdOrCtrl+Shift+Z')
    expect(acceleratorOf({key: 'ArrowLeft', alt: true})).toBe('Alt+Left')
    expect(acceleratorOf({key: 'F1'})).toBe('F1')
  })
})

describe('what a lens walks', () => {
  const steps: number[] = []
  const lens: Lens = {
    id: 'tokens',
    title: 'Tokens',
    Panel: () => null,
    walk: [
      {
        id: 'head',
        noun: 'head',
        next: {key: 'ArrowRight'},
        previous: {key: 'ArrowLeft'},
        last: {key: 'End'},
        when: () => true,
        step: (_, pane, by) => void steps.push(pane, by),
      },
    ],
  }
  const walks = walkCommandsOf([lens])

  test('an axis gives commands, whose keys go before those of the page', async () => {
    const workbench = await openedWorkbench()
    expect(walks.map(({id, title}) => [id, title])).toEqual([
      ['tokens-next-head', 'Next head'],
      ['tokens-previous-head', 'Previous head'],
      ['tokens-last-head', 'Last head'],
    ])
    const all: Command[] = [...COMMANDS, ...walks]
    for (const key of ['ArrowRight', 'ArrowLeft', 'End']) {
      commandOfKey(all, press(key), 'page', workbench)!.command.run(workbench)
    }
    expect(steps).toEqual([0, 1, 0, -1, 0, Infinity])
  })

  test('elsewhere they are not there', async () => {
    const workbench = await openedWorkbench()
    const other = walkCommandsOf([{...lens, id: 'attention'}])
    const found = commandOfKey([...COMMANDS, ...other], press('ArrowRight'), 'page', workbench)
    expect(found?.command.id).toBe('next-token')
  })
})

describe('walking by lines', () => {
  test('without a figure a line is one token; ends hold', async () => {
    const {actions, seen, ...workbench} = await openedWorkbench()
    const bench = {actions, ...workbench} as Workbench
    const key = (name: string) =>
      commandOfKey(COMMANDS, press(name), 'page', bench)!.command.run(bench)
    actions.lock(2)
    key('ArrowDown')
    expect(seen().locked).toBe(3)
    key('ArrowUp')
    key('ArrowUp')
    expect(seen().locked).toBe(1)
    key('PageUp')
    expect(seen().locked).toBe(0)
    key('End')
    const last = seen().locked!
    key('PageDown')
    expect(seen().locked).toBe(last)
  })
})

test('undo and redo say what they are about, before and after', async () => {
  const workbench = await openedWorkbench()
  const undo = COMMANDS.find(({id}) => id === 'undo')!
  const redo = COMMANDS.find(({id}) => id === 'redo')!
  workbench.actions.setPromptText('Tom has a coin.')
  expect(titleOf(undo, workbench)).toBe('Undo typing')
  undo.run(workbench)
  expect(workbench.seen().notice).toBe('undone: typing')
  expect(titleOf(redo, workbench)).toBe('Redo typing')
  redo.run(workbench)
  expect(workbench.seen()).toMatchObject({
    promptText: 'Tom has a coin.',
    notice: 'done again: typing',
  })
})

test('settings are reset as one, and the notice takes it back', async () => {
  const workbench = await openedWorkbench({preferences: {theme: 'dark', textSizePx: 16}})
  await workbench.until('the preferences', ({preferences}) => preferences.theme === 'dark')
  COMMANDS.find(({id}) => id === 'reset-preferences')!.run(workbench)
  expect(workbench.seen().preferences).toMatchObject({theme: 'system', textSizePx: 13})
  workbench.seen().noticeAction!.run()
  expect(workbench.seen().preferences).toMatchObject({theme: 'dark', textSizePx: 16})
})
