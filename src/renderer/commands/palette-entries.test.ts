import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {openedWorkbench} from '../store/fake-workbench.ts'
import {fuzzyMatch} from './fuzzy-match.ts'
import {
  commandEntries,
  findEntries,
  firstChoice,
  jumpEntries,
  thingEntries,
} from './palette-entries.ts'
import {COMMANDS} from './registry.ts'
import {targetCommandsFor} from './target-registry.ts'

describe('words find titles', () => {
  const marked = (query: string, text: string) =>
    fuzzyMatch(query, text)
      ?.indices.map((i) => text[i])
      .join('') ?? null

  test('as they stand, by beginnings of words, in any order', () => {
    expect(marked('model', 'Open a model folder')).toBe('model')
    expect(marked('folder open', 'Open a model folder')).toBe('Openfolder')
    expect(marked('omf', 'Open a model folder')).toBe('Omf')
    expect(marked('xyz', 'Open a model folder')).toBeNull()
  })

  test('a beginning goes before an inside, and a shorter title before a longer', () => {
    const score = (query: string, text: string) => fuzzyMatch(query, text)?.score ?? -1
    expect(score('the', 'Theme')).toBeGreaterThan(score('the', 'Light theme'))
    expect(score('the', 'Light theme')).toBeGreaterThan(score('the', 'Absinthe'))
    expect(score('run', 'Run it')).toBeGreaterThan(score('run', 'Run it again and again'))
  })

  test('what is marked spells the words; a title finds itself', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (query, text) => {
        const match = fuzzyMatch(query, text)
        if (!match) return
        const indices = match.indices
        expect([...indices].sort((a, b) => a - b)).toEqual(indices)
        const letters = new Set(indices.map((i) => text.toLowerCase()[i]))
        for (const letter of query.toLowerCase().replace(/\s/gu, '')) {
          expect(letters.has(letter)).toBe(true)
        }
      })
    )
    for (const command of COMMANDS) {
      if (typeof command.title !== 'string') continue
      expect(fuzzyMatch(command.title, command.title), command.id).not.toBeNull()
    }
  })
})

describe('the palette', () => {
  test('lists every command with its group; what cannot be done stands last with its reason', async () => {
    const workbench = await openedWorkbench()
    const entries = commandEntries(COMMANDS, workbench)
    expect(new Set(entries.map(({key}) => key)).size).toBe(entries.length)
    expect(entries.length).toBe(
      COMMANDS.filter(
        ({id, isKeyOnly, isHiddenUnlessPossible}) =>
          id !== 'palette' && !isKeyOnly && !isHiddenUnlessPossible
      ).length
    )
    const firstOff = entries.findIndex(({reason}) => reason !== null)
    expect(entries.slice(firstOff).every(({reason}) => reason !== null)).toBe(true)
    expect(entries.find(({key}) => key === 'redo')).toMatchObject({
      heading: 'Not now',
      reason: 'nothing was undone',
    })
  })

  test('what was used last comes first, but not what cannot be done now', async () => {
    const workbench = await openedWorkbench()
    const entries = commandEntries(COMMANDS, workbench)
    const found = findEntries('', entries, ['redo', 'log', 'gone', 'settings'])
    expect(found.slice(0, 2).map(({entry}) => entry.key)).toEqual(['log', 'settings'])
    expect(found).toHaveLength(entries.length)
  })

  test('what is meant stands first, also where it cannot be done now, and nothing is done in its place', async () => {
    const workbench = await openedWorkbench()
    const all = [...commandEntries(COMMANDS, workbench), ...thingEntries(workbench)].filter(
      ({title}) => !/chat/iu.test(title)
    )
    // Used last as it may be, the sample is not what “chat” says.
    const sample = {...all.find(({key}) => key.startsWith('sample:'))!, title: 'Scripts'}
    const chat = {
      ...all.find(({key}) => key === 'redo')!,
      ...{key: 'chat', title: 'Make the prompt a chat', reason: 'the model has no chat template'},
    }
    const found = findEntries('chat', [sample, ...all, chat], [sample.key])
    expect(found[0]!.entry.key).toBe('chat')
    expect(firstChoice(found)!.key).toBe('chat')
    // Where another can be done and has the word too, that one is meant.
    const other = {...sample, key: 'other', title: 'Open the chat of yesterday'}
    expect(firstChoice(findEntries('chat', [chat, other], []))!.key).toBe('other')
    // Letters with gaps say less: what cannot be done is not chosen by them.
    const fits = findEntries('opeder', [{...chat, title: 'Open a folder'}], [])
    expect(fits.map(({rank}) => rank)).toEqual(['scattered'])
    expect(firstChoice(fits)).toBeNull()
  })

  test('single letters here and there fit nothing, pairs do, and words go before them', () => {
    expect(fuzzyMatch('chat', 'Scripts of the characters')).toBeNull()
    expect(fuzzyMatch('chat', 'clear the list')).toBeNull()
    expect(fuzzyMatch('exta', 'Export the table')).toMatchObject({rank: 'part'})
    expect(fuzzyMatch('opeder', 'Open a folder')).toMatchObject({rank: 'scattered'})
    expect(fuzzyMatch('run', 'Run it')!.score).toBeGreaterThan(fuzzyMatch('run', 'Runs')!.score)
  })

  test('each command is found first by its own title', async () => {
    const workbench = await openedWorkbench()
    const entries = commandEntries(COMMANDS, workbench)
    for (const entry of entries) {
      if (entry.reason !== null) continue
      expect(findEntries(entry.title, entries, [])[0]?.entry.key).toBe(entry.key)
    }
  })

  test('a number jumps to its token, and Back returns from there', async () => {
    const workbench = await openedWorkbench()
    const before = workbench.seen().locked
    const [first] = jumpEntries('3', workbench)
    expect(first).toMatchObject({key: 'token:3'})
    first!.run()
    expect(workbench.seen().locked).toBe(3)
    workbench.actions.goBack()
    expect(workbench.seen().locked).toBe(before)
    const count = workbench.captures.runs.peek(workbench.seen().activeRunId!)!.tokens.length
    expect(jumpEntries('99999', workbench)[0]).toMatchObject({key: `token:${count - 1}`})
  })

  test('a text jumps to where it begins, also across tokens', async () => {
    const workbench = await openedWorkbench()
    const {tokens} = workbench.captures.runs.peek(workbench.seen().activeRunId!)!
    const textOf = (hex: string) => Buffer.from(hex, 'hex').toString()
    const at = tokens.findIndex(({isSpecial, position}) => !isSpecial && position > 2)
    const words = textOf(tokens[at]!.bytesHex) + textOf(tokens[at + 1]!.bytesHex)
    const keys = jumpEntries(words.trim(), workbench).map(({key}) => key)
    expect(keys).toContain(`token:${at}`)
  })

  test('things: the selected token, this run, models, history', async () => {
    const workbench = await openedWorkbench()
    workbench.actions.setPromptText('Tom has a coin.')
    workbench.actions.runPrompt()
    await workbench.until('the run', ({runs}) => runs[0]?.phase.kind === 'completed')
    const entries = thingEntries(workbench)
    const headings = new Set(entries.map(({heading}) => heading))
    for (const heading of ['Selected token', 'This run', 'Models', 'History', 'Samples']) {
      expect(headings, heading).toContain(heading)
    }
    const older = workbench.seen().runs[1]!
    entries.find(({key}) => key === `run:${older.id}`)!.run()
    expect(workbench.seen().activeRunId).toBe(older.id)
  })
})

describe('commands on things', () => {
  test('a token is held, let go and pinned where it is', async () => {
    const workbench = await openedWorkbench()
    const runId = workbench.seen().activeRunId!
    const token = {kind: 'token', runId, position: 2} as const
    const does = (id: string) =>
      targetCommandsFor(token, workbench).find((command) => command.id === id)!
    expect(does('token-lock').titleOf(token, workbench)).toBe('Hold it')
    does('token-lock').run(workbench, token)
    expect(workbench.seen().locked).toBe(2)
    expect(does('token-lock').titleOf(token, workbench)).toBe('Let it go')
    does('token-pin').run(workbench, token)
    expect(workbench.seen().pins[runId]).toEqual([{kind: 'token', position: 2}])
    expect(does('token-pin').titleOf(token, workbench)).toBe('Unpin it')
  })

  test('continuing from a token is a run that ends its given text there', async () => {
    const workbench = await openedWorkbench()
    const runId = workbench.seen().activeRunId!
    const {tokens} = workbench.captures.runs.peek(runId)!
    const token = {kind: 'token', runId, position: 3} as const
    const command = targetCommandsFor(token, workbench).find(({id}) => id === 'token-continue')!
    command.run(workbench, token)
    await workbench.until(
      'the run',
      ({runs, activeRunId}) => activeRunId !== runId && runs[0]?.phase.kind === 'completed'
    )
    const after = workbench.captures.runs.peek(workbench.seen().activeRunId!)!
    expect(after.tokens.slice(0, 4).map(({id}) => id)).toEqual(tokens.slice(0, 4).map(({id}) => id))
    const first = {kind: 'token', runId, position: 0} as const
    expect(targetCommandsFor(first, workbench).some(({id}) => id === 'token-continue')).toBe(false)
  })

  test('a run is taken out of the history, and the notice brings it back', async () => {
    const workbench = await openedWorkbench()
    const runId = workbench.seen().activeRunId!
    const run = {kind: 'run', runId} as const
    targetCommandsFor(run, workbench)
      .find(({id}) => id === 'run-remove')!
      .run(workbench, run)
    expect(workbench.seen().runs).toHaveLength(0)
    workbench.seen().noticeAction!.run()
    expect(workbench.seen().activeRunId).toBe(runId)
  })

  test('a run is shown beside the other', async () => {
    const workbench = await openedWorkbench()
    const first = workbench.seen().activeRunId!
    workbench.actions.setPromptText('Tom has a coin.')
    workbench.actions.runPrompt()
    await workbench.until('the run', ({runs}) => runs[0]?.phase.kind === 'completed')
    const second = workbench.seen().activeRunId
    const run = {kind: 'run', runId: first} as const
    targetCommandsFor(run, workbench)
      .find(({id}) => id === 'run-open-beside')!
      .run(workbench, run)
    expect(workbench.seen().panes.map(({runId}) => runId)).toEqual([second, first])
  })
})
