import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, it} from 'vitest'
import {copyTinyModel, type TemporaryFolder, temporaryFolder} from '../../../../fixtures/broken.ts'
import {type Problem, ProblemError} from '../../../shared/domain/problem.ts'
import {readModelFolder} from '../model-folder/read-model-folder.ts'
import {type ChatTemplate, readChatTemplate, renderChatTemplate} from './chat-template.ts'
import {loadTokenizer} from './load-tokenizer.ts'

let temporary: TemporaryFolder
beforeEach(async () => {
  temporary = await temporaryFolder()
})
afterEach(() => temporary.remove())

const user = {role: 'user', content: ' Hello there. '}
const template = (source: string): ChatTemplate => ({
  source,
  path: '/model/chat_template.jinja',
  specialTexts: {bos_token: '<s>', eos_token: '</s>'},
})

function problemOf(action: () => unknown): Problem {
  try {
    action()
  } catch (error) {
    if (error instanceof ProblemError) return error.problem
    throw error
  }
  throw new Error('no problem was found')
}

async function loadTiny(name: 'tiny-decoder-kv' | 'tiny-decoder-plain') {
  const path = await copyTinyModel(name, join(temporary.path, name))
  return loadTokenizer(await readModelFolder(path, {id: name, source: 'folder'}))
}

describe('rendering a chat', () => {
  it('gives the template the messages and asks for a generation prompt', async () => {
    const tokenizer = await loadTiny('tiny-decoder-kv')
    const text = tokenizer.renderChat([user, {role: 'assistant', content: 'Hi.'}, user])
    expect(text).toBe(
      '<s>user: Hello there.</s>\nassistant: Hi.</s>\nuser: Hello there.</s>\nassistant: '
    )
  })

  it('holds its own special tokens, so that none is inserted', async () => {
    const tokenizer = await loadTiny('tiny-decoder-kv')
    const text = tokenizer.renderChat([user])
    const {parts} = await tokenizer.encode(text, {parseSpecial: true, noSpecialTokens: true})
    const specials = parts.filter((part) => part.isSpecial)
    expect(specials.map(({id, isInserted}) => [id, isInserted])).toEqual([
      [0, false],
      [1, false],
    ])
    expect(parts[0]).toMatchObject({id: 0, byteStart: 0, byteEnd: 3})
    expect(parts.at(-1)?.byteEnd).toBe(text.length)
  })

  it('names special tokens, and the date in the form that is asked for', () => {
    const source = '{{ bos_token }}{{ strftime_now("%Y") }}{{ eos_token }}'
    const year = new Date().getFullYear()
    expect(renderChatTemplate(template(source), [])).toBe(`<s>${year}</s>`)
  })

  it('says what a template refuses, in its words', () => {
    const source =
      "{% for m in messages %}{% if m.role != 'user' %}" +
      "{{ raise_exception('only users speak here') }}{% endif %}{{ m.content }}{% endfor %}"
    expect(renderChatTemplate(template(source), [user])).toBe(' Hello there. ')
    const messages = [{role: 'system', content: 'x'}]
    expect(problemOf(() => renderChatTemplate(template(source), messages))).toMatchObject({
      code: 'chat-template-failed',
      file: '/model/chat_template.jinja',
      field: 'chat_template',
      found: 'only users speak here',
      expected: expect.any(String),
      advice: expect.any(String),
    })
  })

  it('says what is wrong with a template that fails', () => {
    for (const source of [
      '{% for %}',
      '{{ messages[0] | no_such_filter }}',
      '{{ messages.no_such_method() }}',
    ]) {
      const problem = problemOf(() => renderChatTemplate(template(source), [user]))
      expect(problem.code).toBe('chat-template-failed')
      expect(problem.file).toBe('/model/chat_template.jinja')
      expect(problem.found).toBeTruthy()
    }
  })

  it('is a problem where the model has no template', async () => {
    const tokenizer = await loadTiny('tiny-decoder-plain')
    expect(tokenizer.hasChatTemplate).toBe(false)
    expect(problemOf(() => tokenizer.renderChat([user])).code).toBe('chat-template-missing')
  })
})

describe('finding a template', () => {
  const write = (name: string, content: string | object) =>
    writeFile(
      join(temporary.path, name),
      typeof content === 'string' ? content : JSON.stringify(content)
    )

  it('prefers the template of its own file', async () => {
    expect(await readChatTemplate(temporary.path)).toBeNull()
    await write('tokenizer_config.json', {chat_template: 'config', eos_token: {content: '</s>'}})
    expect(await readChatTemplate(temporary.path)).toEqual({
      source: 'config',
      path: join(temporary.path, 'tokenizer_config.json'),
      specialTexts: {eos_token: '</s>'},
    })
    await write('chat_template.json', {chat_template: 'json'})
    expect((await readChatTemplate(temporary.path))?.source).toBe('json')
    await write('chat_template.jinja', 'jinja')
    expect(await readChatTemplate(temporary.path)).toMatchObject({
      source: 'jinja',
      path: join(temporary.path, 'chat_template.jinja'),
    })
  })

  it('takes the default of a list of named ones', async () => {
    const list = [
      {name: 'tool_use', template: 'tools'},
      {name: 'default', template: 'plain'},
    ]
    await write('tokenizer_config.json', {chat_template: list})
    expect((await readChatTemplate(temporary.path))?.source).toBe('plain')
    await write('tokenizer_config.json', {chat_template: list.slice(0, 1)})
    expect((await readChatTemplate(temporary.path))?.source).toBe('tools')
    await write('tokenizer_config.json', {chat_template: null})
    expect(await readChatTemplate(temporary.path)).toBeNull()
  })
})
