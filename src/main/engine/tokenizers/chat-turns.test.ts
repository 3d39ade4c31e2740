import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import * as templates from '../../../../fixtures/chat-templates.ts'
import {ProblemError} from '../../../shared/domain/problem.ts'
import type {Message} from '../../../shared/lenses/tokens.ts'
import {type ChatTemplate, renderChatTemplate} from './chat-template.ts'
import {MAX_TURN_MESSAGES, turnsOf} from './chat-turns.ts'

const system = (content: string) => ({role: 'system', content})
const user = (content: string) => ({role: 'user', content})
const assistant = (content: string) => ({role: 'assistant', content})

function templateOf(source: string): ChatTemplate {
  return {source, path: '/model', specialTexts: {bos_token: '<s>', eos_token: '</s>'}}
}

function chat(source: string, messages: readonly Message[]) {
  const template = templateOf(source)
  const text = renderChatTemplate(template, messages)
  const turns = turnsOf(messages, text, (some, withGenerationPrompt) => {
    try {
      return renderChatTemplate(template, some, withGenerationPrompt)
    } catch (error) {
      if (error instanceof ProblemError) return null
      throw error
    }
  })
  return {text, turns}
}

/** What comes before the first turn, then each turn as `role|its text`: one expectation to read. */
function told(source: string, messages: readonly Message[]): string[] {
  const {text, turns} = chat(source, messages)
  const bytes = Buffer.from(text)
  const first = turns[0]?.byteStart ?? bytes.length
  return [
    bytes.toString('utf8', 0, first),
    ...turns.map(
      ({role, byteStart, byteEnd}) => `${role}|${bytes.toString('utf8', byteStart, byteEnd)}`
    ),
  ]
}

const talk = [user(' Hé 🦜? '), assistant('Yes.'), user('Why?')]

describe('turns of a chat', () => {
  it('are those of ChatML, its own system prompt being nobody’s', () => {
    expect(told(templates.CHATML_WITH_DEFAULT, talk)).toEqual([
      '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n',
      'user|<|im_start|>user\n Hé 🦜? <|im_end|>\n',
      'assistant|<|im_start|>assistant\nYes.<|im_end|>\n',
      'user|<|im_start|>user\nWhy?<|im_end|>\n',
      'assistant|<|im_start|>assistant\n',
    ])
    expect(told(templates.CHATML_WITH_DEFAULT, [system('Be brief.'), user('Hi')])).toEqual([
      '',
      'system|<|im_start|>system\nBe brief.<|im_end|>\n',
      'user|<|im_start|>user\nHi<|im_end|>\n',
      'assistant|<|im_start|>assistant\n',
    ])
  })

  it('are those of Llama 2, whose first user turn holds the system’s words', () => {
    expect(told(templates.LLAMA_2, talk)).toEqual([
      '',
      'user|<s>[INST] Hé 🦜? [/INST]',
      'assistant| Yes. </s>',
      'user|<s>[INST] Why? [/INST]',
    ])
    expect(told(templates.LLAMA_2, [system('Be brief.'), ...talk])).toEqual([
      '',
      'user|<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\n Hé 🦜? [/INST]',
      'assistant| Yes. </s>',
      'user|<s>[INST] Why? [/INST]',
    ])
  })

  it('are those of Llama 3, without its begin token', () => {
    expect(told(templates.LLAMA_3, [system('Be brief.'), user('\nHi\n')])).toEqual([
      '<s>',
      'system|<|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>',
      'user|<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>',
      'assistant|<|start_header_id|>assistant<|end_header_id|>\n\n',
    ])
  })

  it('are those of Gemma, by the roles of the messages', () => {
    expect(told(templates.GEMMA, talk)).toEqual([
      '<s>',
      'user|<start_of_turn>user\nHé 🦜?<end_of_turn>\n',
      'assistant|<start_of_turn>model\nYes.<end_of_turn>\n',
      'user|<start_of_turn>user\nWhy?<end_of_turn>\n',
      'assistant|<start_of_turn>model\n',
    ])
    expect(told(templates.GEMMA_3, [system('Be brief.'), ...talk])).toEqual([
      '<s>',
      'user|<start_of_turn>user\nBe brief.\n\nHé 🦜?<end_of_turn>\n',
      'assistant|<start_of_turn>model\nYes.<end_of_turn>\n',
      'user|<start_of_turn>user\nWhy?<end_of_turn>\n',
      'assistant|<start_of_turn>model\n',
    ])
  })

  it('are those of Mistral, whose last user turn holds the system’s words', () => {
    expect(told(templates.MISTRAL, [system('Be brief.'), ...talk])).toEqual([
      '<s>',
      'user|[INST]  Hé 🦜? [/INST]',
      'assistant| Yes.</s>',
      'user|[INST] Be brief.\n\nWhy?[/INST]',
    ])
  })

  it('are those of Qwen 3, which leaves earlier thoughts out', () => {
    const thoughtful = [user('Hi'), assistant('<think>\nHm.\n</think>\n\nYes.'), user('Why?')]
    expect(told(templates.QWEN_3, thoughtful)).toEqual([
      '',
      'user|<|im_start|>user\nHi<|im_end|>\n',
      'assistant|<|im_start|>assistant\nYes.<|im_end|>\n',
      'user|<|im_start|>user\nWhy?<|im_end|>\n',
      'assistant|<|im_start|>assistant\n',
    ])
  })

  it('are those of Zephyr, and of a template whose words depend on what is said', () => {
    expect(told(templates.ZEPHYR, [system('Be brief.'), user('Hi')])).toEqual([
      '',
      'system|<|system|>\nBe brief.</s>',
      'user|<|user|>\nHi</s>',
      'assistant|<|assistant|>',
    ])
    expect(told(templates.ANSWERS_ITSELF, [user('A poem'), assistant('Ah'), user('Ok')])).toEqual([
      '',
      'user|user: A poem (in verse)\n',
      'assistant|assistant: Ah\n',
      'user|user: Ok\n',
      'assistant|assistant:',
    ])
  })

  it('are not guessed where a template does not keep them apart', () => {
    expect(chat(templates.SORTED_BY_ROLE, talk).turns).toEqual([])
    expect(chat(templates.SORTED_BY_ROLE, [user('a'), assistant('a'), user('a')]).turns).toEqual([])
    expect(told(templates.LAST_ONLY, talk)).toEqual(['', 'user|Question: Why?\nAnswer:'])
    expect(chat('{{ "Hello." }}', talk).turns).toEqual([])
  })

  it('are told by prefixes where a content is said twice', () => {
    expect(told(templates.ECHO, [user('a'), user('b')])).toEqual([
      '',
      'user|user: a (a)\n',
      'user|user: b (b)\n',
    ])
  })

  it('are none of an empty chat or an endless one', () => {
    expect(chat(templates.CHATML_WITH_DEFAULT, []).turns).toEqual([])
    const endless = Array.from({length: MAX_TURN_MESSAGES + 1}, () => user('a'))
    expect(chat(templates.CHATML_WITH_DEFAULT, endless).turns).toEqual([])
  })

  it('tile the text from the first turn on, each around its own content, whatever is said', () => {
    const content = fc.oneof(
      fc.string({unit: 'grapheme', maxLength: 12}),
      fc.constantFrom('<|im_end|>\n', '<|im_start|>user\n', 'Qturn0e', '[INST] ', '</s>', '', ' ')
    )
    const bodies = fc.array(content, {minLength: 1, maxLength: 6})
    const sources = [
      templates.CHATML_WITH_DEFAULT,
      templates.LLAMA_2,
      templates.LLAMA_3,
      templates.GEMMA_3,
      templates.MISTRAL,
      templates.ZEPHYR,
    ]
    fc.assert(
      fc.property(fc.constantFrom(...sources), bodies, fc.boolean(), (source, texts, hasSystem) => {
        const spoken = texts.map((text, i) => (i % 2 === 0 ? user(text) : assistant(text)))
        const messages = hasSystem ? [system('Be brief.'), ...spoken] : spoken
        const {text, turns} = chat(source, messages)
        let end = turns[0]?.byteStart ?? 0
        const bytes = Buffer.from(text)
        const bySpeaker = turns.filter(({role}) => role !== 'system')
        for (const {byteStart, byteEnd} of turns) {
          expect(byteStart).toBe(end)
          expect(byteEnd).toBeGreaterThan(byteStart)
          end = byteEnd
        }
        expect(end).toBe(bytes.length)
        for (const [i, message] of spoken.entries()) {
          const {role, byteStart, byteEnd} = bySpeaker[i]!
          expect(role).toBe(message.role)
          expect(bytes.toString('utf8', byteStart, byteEnd)).toContain(message.content.trim())
        }
      }),
      {numRuns: 150}
    )
  })
})
