import {expect, test} from 'vitest'
import {openedWorkbench} from './fake-workbench.ts'
import {labelOfPrompt, selectPromptInput} from './prompt.ts'

test.each([
  ['Mira has a lamp. Tom has a coin. Who has the lamp?', 'Who has the lamp?'],
  ['one line', 'one line'],
  ['  spaced \n out  ', 'spaced out'],
  ['', 'empty prompt'],
  ['...', '...'],
  ['😀'.repeat(100), '😀'.repeat(60)],
])('the label of %j is %j', (text, label) => {
  expect(labelOfPrompt(text)).toBe(label)
})

test('tokens are counted after a pause, once for the last text', async () => {
  let countedTexts: (string | undefined)[] = []
  const {actions, seen, until} = await openedWorkbench({}, undefined, (client) => ({
    ...client,
    text: {
      ...client.text,
      tokenize: async (input, options) => {
        countedTexts.push(input.prompt)
        return client.text.tokenize(input, options)
      },
    },
  }))
  await until('the first count', (state) => state.promptTokenCount !== null)
  countedTexts = []
  for (const text of ['T', 'To', 'Tom', 'Tom has', 'Tom has a coin.']) actions.setPromptText(text)
  // What was counted before is of another text.
  expect(seen().promptTokenCount).toBeNull()
  // One begin token, then four words and the full stop.
  await until('the new count', (state) => state.promptTokenCount === 6)
  expect(countedTexts).toEqual(['Tom has a coin.'])
})

test('a chat is only asked for where the model has a template', async () => {
  const {seen, actions, until} = await openedWorkbench()
  actions.setPromptText('Who has the lamp?')
  actions.setChat(true)
  expect(selectPromptInput(seen())).toEqual({prompt: 'Who has the lamp?'})
  const {status} = await until('the model', (state) => state.status !== null)
  const loaded = status!.loaded.map((model) => ({...model, chatTemplate: true}))
  const withTemplate = {...seen(), status: {...status!, loaded}}
  expect(selectPromptInput(withTemplate)).toEqual({prompt: 'Who has the lamp?', chat: true})
  const [asked] = withTemplate.turns
  const turns = [{role: 'system', content: 'Be brief.'}, asked!]
  expect(selectPromptInput({...withTemplate, turns})).toEqual({
    messages: [
      {role: 'system', content: 'Be brief.'},
      {role: 'user', content: 'Who has the lamp?'},
    ],
  })
})
