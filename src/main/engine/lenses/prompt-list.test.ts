import {join} from 'node:path'
import {createRouterClient} from '@orpc/server'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {type Problem, ProblemError} from '../../../shared/domain/problem.ts'
import {bytesOfHex, displayTextOfBytes} from '../../../shared/domain/token.ts'
import {assembleTokens} from '../../../shared/lenses/assemble-tokens.ts'
import type {
  PromptListEvent,
  PromptListRequest,
  PromptRow,
  PromptRowResult,
} from '../../../shared/lenses/prompt-list.ts'
import {seedOfRow} from '../../../shared/lenses/row-seed.ts'
import {
  type TokensRequestInput,
  type TokensResult,
  tokensRequestSchema,
} from '../../../shared/lenses/tokens.ts'
import {createBlobs} from '../blobs.ts'
import {createHandlers, type EngineHandlers} from '../handlers.ts'

const FIXTURES = join(import.meta.dirname, '../../../../fixtures')
const KV = join(FIXTURES, 'tiny-decoder-kv')
const PLAIN = join(FIXTURES, 'tiny-decoder-plain')

let handlers: EngineHandlers
let client: ReturnType<typeof clientOf>
const clientOf = (some: EngineHandlers) => createRouterClient(some.router)

beforeAll(() => {
  handlers = createHandlers(
    {
      version: '0.0.0',
      builtinModelsFolder: join(FIXTURES, 'no-such-folder'),
      tokenizersFolder: join(FIXTURES, '../assets/tokenizers'),
      fontsFolder: join(FIXTURES, '../assets/fonts'),
      stateFolder: null,
      threads: 1,
      maxMemoryBytes: 64e6,
      startCount: 1,
      lastExit: null,
    },
    {blobs: createBlobs()}
  )
  client = clientOf(handlers)
})
afterAll(() => handlers.close())

type Options = Partial<Omit<PromptListRequest, 'rows'>>

async function eventsOf(rows: PromptRow[], options: Options = {}): Promise<PromptListEvent[]> {
  const events: PromptListEvent[] = []
  for await (const event of await client.prompts.run({model: KV, rows, ...options})) {
    events.push(event)
  }
  return events
}

async function rowsOf(rows: PromptRow[], options: Options = {}): Promise<PromptRowResult[]> {
  const events = await eventsOf(rows, options)
  return events.flatMap((event) => (event.kind === 'row' ? [event.row] : []))
}

async function tokensOf(request: Omit<TokensRequestInput, 'model'>): Promise<TokensResult> {
  const whole = {model: KV, ...request}
  const events = []
  for await (const event of await client.tokens.run(whole)) events.push(event)
  return assembleTokens(tokensRequestSchema.parse(whole), events)!
}

/** The ids that the tokens lens gives a text, those that were put in front of it left out. */
async function typedIds(prompt: string): Promise<number[]> {
  const {tokens} = await tokensOf({prompt})
  return tokens.filter((token) => !token.isInserted).map((token) => token.id)
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

describe('a prompt list', () => {
  it('gives each row what the tokens lens gives for it', async () => {
    const rows = [
      {id: 'one', prompt: 'The queen walks to the river.', answer: ' The cat sat'},
      {id: 'two', prompt: 'Né 🦜 2+2=', answer: '4'},
      {id: 'three', prompt: ''},
      {id: 'four', prompt: 'The cat sat on the', answer: ' mat'},
    ]
    const results = await rowsOf(rows, {generate: 12})
    expect(results.map(({id}) => id)).toEqual(rows.map(({id}) => id))
    for (const [i, row] of rows.entries()) {
      const result = results[i]!
      const alone = await tokensOf({prompt: row.prompt, generate: 12})
      const prompt = alone.tokens.slice(0, alone.promptTokenCount)
      const surprisals = prompt.flatMap(({surprisalBits}) => surprisalBits ?? [])
      expect(result.promptTokenCount).toBe(alone.promptTokenCount)
      if (surprisals.length === 0) expect(result.meanSurprisalBits).toBeNull()
      else expect(result.meanSurprisalBits).toBeCloseTo(mean(surprisals), 6)
      expect([...result.surprisalsBits].filter((bits) => !Number.isNaN(bits))).toEqual(
        surprisals.map((bits) => Math.fround(bits))
      )
      expect(result.completionIds).toEqual(alone.completionIds)
      const spoken = alone.tokens.slice(alone.promptTokenCount).filter((token) => !token.isSpecial)
      expect(result.completionHex).toBe(spoken.map(({bytesHex}) => bytesHex).join(''))
      if (!row.answer) {
        expect(result.answer).toBeNull()
        continue
      }
      const answerIds = await typedIds(row.answer)
      const forced = await tokensOf({prompt: row.prompt, completionIds: answerIds})
      const logprob = forced.tokens
        .slice(alone.promptTokenCount)
        .reduce((sum, token) => sum + token.logprob!, 0)
      expect(result.answer!.tokenCount).toBe(answerIds.length)
      expect(result.answer!.logprob).toBeCloseTo(logprob, 4)
      expect(result.answer!.prob).toBeCloseTo(Math.exp(result.answer!.logprob), 12)
    }
  })

  it('judges the completion’s text, whichever tokens it has and whatever space is before it', async () => {
    const prompts = Array.from({length: 400}, (_, i) => ({id: String(i), prompt: `Tell ${i}!`}))
    const options = {generate: 2, sample: true, topP: 0.9, seed: 3}
    const free = await rowsOf(prompts, options)
    const textOf = ({completionHex}: PromptRowResult) =>
      displayTextOfBytes(bytesOfHex(completionHex))
    // What this model says is mostly torn bytes; one that says letters will do.
    const said = free.find((row) => /^[a-z]{2,}$/i.test(textOf(row)))!
    const [{prompt}, text] = [prompts[Number(said.id)]!, textOf(said)] as const
    const judged = async (answer: string, changes: Options = {}) => {
      const [row] = await rowsOf([{id: said.id, prompt, answer}], {...options, ...changes})
      return row!
    }
    for (const [answer, verdict] of [
      [text, 'right'],
      [` ${text}`, 'right'],
      [`\n ${text}`, 'right'],
      [`${text} and`, 'cut'],
      [text.slice(0, 1), 'wrong'],
      [`${text[0]}!`, 'wrong'],
    ] as const) {
      const row = await judged(answer)
      expect(row.completionIds).toEqual(said.completionIds)
      expect(row.answer!.verdict).toBe(verdict)
    }
    const unasked = await judged(text, {generate: 0})
    expect(unasked).toMatchObject({completionIds: [], completionHex: ''})
    expect(unasked.answer).toEqual({...(await judged(text)).answer, verdict: 'cut'})
  })

  it('takes an answer of white space alone for none', async () => {
    const blanks = ['', ' ', '\n\t'].map((answer, i) => ({id: String(i), prompt: 'Two', answer}))
    for (const row of await rowsOf(blanks)) expect(row.answer).toBeNull()
  })

  it('scores the likelier of the answer as typed and with a space before it', async () => {
    const logprobOf = async (prompt: string, answer: string) => {
      const ids = await typedIds(answer)
      const forced = await tokensOf({prompt, completionIds: ids})
      return forced.tokens.slice(-ids.length).reduce((sum, token) => sum + token.logprob!, 0)
    }
    const seen = new Set<boolean>()
    for (const [prompt, answer] of [
      ['10 + 10 =', '20'],
      ['2 + 2 =', '4'],
      ['The cat sat on the', 'mat'],
      ['The cat sat on', 'the'],
      ['Who? ->', 'queen'],
    ] as const) {
      const rows = [answer, ` ${answer}`].map((own, i) => ({id: String(i), prompt, answer: own}))
      const [typed, spaced] = await rowsOf(rows)
      const both = [await logprobOf(prompt, answer), await logprobOf(prompt, ` ${answer}`)] as const
      expect(spaced!.answer).toMatchObject({isSpaced: false})
      expect(spaced!.answer!.logprob).toBeCloseTo(both[1], 4)
      // Joined, a letter right after a letter may be one token with it, which the prompt does not have.
      expect(typed!.answer!.isSpaced).toBe(both[1] > both[0])
      expect(typed!.answer!.logprob).toBeCloseTo(Math.max(...both), 4)
      seen.add(typed!.answer!.isSpaced)
    }
    expect(seen).toEqual(new Set([true, false]))
    // After a space nothing but the answer as typed is asked about.
    const [after] = await rowsOf([{id: 'a', prompt: 'The cat sat on ', answer: 'the'}])
    expect(after!.answer!.isSpaced).toBe(false)
  })

  it('takes the ids that follow the prompt’s where the two are encoded as one, else the answer’s own', async () => {
    // ` t` is one token, so the prompt's last token would take in the answer's first letter.
    const joined = await typedIds('a the')
    const [apart, whole] = await rowsOf([
      {id: 'apart', prompt: 'a ', answer: 'the'},
      {id: 'whole', prompt: 'a', answer: ' the'},
    ])
    const prompt = await typedIds('a ')
    expect(joined.slice(0, prompt.length)).not.toEqual(prompt)
    const own = await typedIds('the')
    expect(apart!.answer!.tokenCount).toBe(own.length)
    const forced = await tokensOf({prompt: 'a ', completionIds: own})
    const logprobs = forced.tokens.slice(-own.length).map(({logprob}) => logprob!)
    expect(apart!.answer!.logprob).toBeCloseTo(
      logprobs.reduce((sum, value) => sum + value, 0),
      4
    )
    expect(whole!.answer!.tokenCount).toBe(joined.length - (await typedIds('a')).length)
  })

  it('scores the answer of a chat after the generation prompt', async () => {
    const messages = [
      {role: 'user', content: 'Who sat?'},
      {role: 'assistant', content: 'The cat.'},
      {role: 'user', content: 'Where?'},
    ]
    const [chat, turn] = await rowsOf([
      {id: 'chat', messages, answer: 'on the mat'},
      {id: 'turn', prompt: 'Where?', answer: 'on the mat'},
    ])
    const rendered = await tokensOf({messages})
    expect(rendered.text.endsWith('assistant: ')).toBe(true)
    expect(chat!.promptTokenCount).toBe(rendered.promptTokenCount)
    expect(turn!.promptTokenCount).toBeLessThan(chat!.promptTokenCount)
    const [asChat] = await rowsOf([{id: 'turn', prompt: 'Where?', answer: 'on the mat'}], {
      chat: true,
    })
    const one = await tokensOf({prompt: 'Where?', chat: true})
    expect(asChat!.promptTokenCount).toBe(one.promptTokenCount)
    const own = await typedIds('on the mat')
    const forced = await tokensOf({messages, completionIds: own})
    const logprobs = forced.tokens.slice(-own.length).map(({logprob}) => logprob!)
    expect(chat!.answer!.tokenCount).toBe(own.length)
    expect(chat!.answer!.logprob).toBeCloseTo(
      logprobs.reduce((sum, value) => sum + value, 0),
      4
    )
  })

  it('gives a row the very same in any company, drawn or not', async () => {
    const rows = Array.from({length: 6}, (_, i) => ({
      id: `row ${i}`,
      prompt: `Tell me of ${i} rivers`,
      answer: ' and',
    }))
    const options = {generate: 8, sample: true, temperature: 1.3, topP: 0.9, seed: 11}
    const all = await rowsOf(rows, options)
    const left = await rowsOf([rows[5]!, rows[2]!], options)
    expect(left).toEqual([all[5], all[2]])
    expect(new Set(all.map((row) => row.completionIds.join())).size).toBeGreaterThan(1)
    const again = await tokensOf({
      prompt: rows[2]!.prompt,
      ...options,
      seed: seedOfRow(11, 'row 2'),
    })
    expect(again.completionIds).toEqual(all[2]!.completionIds)
    const [other] = await rowsOf([{...rows[2]!, id: 'another'}], options)
    expect(other!.completionIds).not.toEqual(all[2]!.completionIds)
  })

  it('tells of rows that cannot be run, and goes on', async () => {
    const events = await eventsOf(
      [
        {id: 'long', prompt: 'word '.repeat(300)},
        {id: 'fine', prompt: 'a', answer: ' b'},
        {id: 'long answer', prompt: 'a '.repeat(100), answer: ' b'.repeat(200)},
        {id: 'fine too', messages: [{role: 'user', content: 'Hi'}]},
      ],
      {generate: 1}
    )
    const told = events.flatMap((event) => {
      if (event.kind === 'row') return [[event.row.id]]
      return event.kind === 'row-failed' ? [[event.id, event.problem.code]] : []
    })
    expect(told).toEqual([
      ['long', 'prompt-too-long'],
      ['fine'],
      ['long answer', 'answer-too-long'],
      ['fine too'],
    ])
    expect(events.at(-1)).toEqual({kind: 'completed'})
    expect(events.at(-2)).toEqual({kind: 'progress', done: 4, total: 4, secondsLeft: 0})
    const [refused] = await eventsOf([{id: 'a', prompt: 'a'}], {model: PLAIN, chat: true}).then(
      (list) => list.filter((event) => event.kind === 'row-failed')
    )
    expect(refused!.problem.code).toBe('chat-template-missing')
  })

  it('ends as a whole where there is no model, or where rows cannot be told apart', async () => {
    const problem = async (promise: Promise<unknown>): Promise<Problem> => {
      const error = await promise.then(
        () => null,
        (caught: unknown) => caught
      )
      if (error instanceof ProblemError) return error.problem
      throw error
    }
    const rows = [{id: 'a', prompt: 'a'}]
    const gone = await problem(eventsOf(rows, {model: join(FIXTURES, 'no-such-model')}))
    expect(gone.code).toBe('model-not-found')
    const twice = await problem(eventsOf([...rows, ...rows]))
    expect(twice).toMatchObject({code: 'row-id-twice', found: 'a twice'})
    expect((await eventsOf([])).at(-1)).toEqual({kind: 'completed'})
  })

  it('stops where it is cancelled, and gives way to what a person waits for', async () => {
    const rows = Array.from({length: 200}, (_, i) => ({id: String(i), prompt: `Row ${i}`}))
    const controller = new AbortController()
    const stream = await client.prompts.run(
      {model: PLAIN, rows, generate: 20},
      {signal: controller.signal}
    )
    let rowCount = 0
    let rowsWhenAnswered = Number.POSITIVE_INFINITY
    const reading = (async () => {
      for await (const event of stream) {
        if (controller.signal.aborted) throw new Error('an event after it was cancelled')
        if (event.kind !== 'row') continue
        rowCount++
        if (rowCount === 3) {
          void tokensOf({model: PLAIN, prompt: 'Now'} as never).then(() => {
            rowsWhenAnswered = rowCount
          })
        }
        if (rowCount === 12) controller.abort(new Error('cancelled'))
      }
    })()
    await expect(reading).rejects.toThrow('cancelled')
    expect(rowCount).toBe(12)
    // Behind the row under way and the one whose turn had come, not behind the list.
    expect(rowsWhenAnswered).toBeLessThanOrEqual(6)
    for (let i = 0; i < 100 && (await client.engine.status()).runningCount > 0; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    expect((await client.engine.status()).runningCount).toBe(0)
  })

  it('goes on after its model was unloaded between two rows', async () => {
    const rows = Array.from({length: 5}, (_, i) => ({id: String(i), prompt: `Row ${i}`}))
    const ids: string[] = []
    for await (const event of await client.prompts.run({model: KV, rows, generate: 1})) {
      if (event.kind !== 'row') continue
      ids.push(event.row.id)
      if (ids.length === 2) await client.models.unload({model: KV})
    }
    expect(ids).toEqual(rows.map(({id}) => id))
  })

  it('goes on after its model was unloaded under a row', async () => {
    const rows = Array.from({length: 12}, (_, i) => ({id: String(i), prompt: `Row ${i}`}))
    const ids: string[] = []
    const unloads: Promise<unknown>[] = []
    for await (const event of await client.prompts.run({model: KV, rows, generate: 8})) {
      if (event.kind !== 'row') continue
      ids.push(event.row.id)
      // The generator goes on with the next row while this waits.
      if (ids.length % 4 === 0) setTimeout(() => unloads.push(client.models.unload({model: KV})), 1)
    }
    await Promise.all(unloads)
    expect(ids).toEqual(rows.map(({id}) => id))
  })
})
