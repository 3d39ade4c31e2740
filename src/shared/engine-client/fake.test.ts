import {describe, expect, it} from 'vitest'
import type {LogLine} from '../contract/contract.ts'
import type {Problem} from '../domain/problem.ts'
import {bytesOfHex} from '../domain/token.ts'
import {assembleTokens} from '../lenses/assemble-tokens.ts'
import type {PromptListEvent, PromptRow} from '../lenses/prompt-list.ts'
import {seedOfRow} from '../lenses/row-seed.ts'
import {type TokensRequestInput, tokensRequestSchema} from '../lenses/tokens.ts'
import {createFakeClient} from './fake.ts'
import {isCancellation} from './problem-of.ts'

const FAILURE: Problem = {code: 'pretended', message: 'It failed.', advice: 'Look.'}
const rows: PromptRow[] = Array.from({length: 8}, (_, i) => ({
  id: `row ${i}`,
  prompt: `Tom has ${i} coins. Ana has`,
  answer: ' a lamp',
}))

async function listOf(stream: AsyncIterable<PromptListEvent>): Promise<PromptListEvent[]> {
  const events: PromptListEvent[] = []
  for await (const event of stream) events.push(event)
  return events
}

async function tokensOf(client: ReturnType<typeof createFakeClient>, request: TokensRequestInput) {
  const events = []
  for await (const event of await client.tokens.run(request)) events.push(event)
  return assembleTokens(tokensRequestSchema.parse(request), events)!
}

describe('the pretended engine', () => {
  it('runs a prompt list as its tokens lens runs each prompt', async () => {
    const client = createFakeClient()
    const options = {model: 'micro-base', generate: 5, sample: true, seed: 4}
    const events = await listOf(await client.prompts.run({...options, rows}))
    const results = events.flatMap((event) => (event.kind === 'row' ? [event.row] : []))
    expect(results.map(({id}) => id)).toEqual(rows.map(({id}) => id))
    expect(events.at(-1)).toEqual({kind: 'completed'})
    const row = results[3]!
    const {prompt} = rows[3]!
    const seed = seedOfRow(4, 'row 3')
    const alone = await tokensOf(client, {...options, prompt, seed})
    expect(alone.completionIds.slice(0, row.completionIds.length)).toEqual(row.completionIds)
    const answer = await tokensOf(client, {model: 'micro-base', prompt: `${prompt} a lamp`})
    const logprob = answer.tokens
      .slice(row.promptTokenCount)
      .reduce((sum, token) => sum + token.logprob!, 0)
    expect(row.answer!.logprob).toBeCloseTo(logprob, 9)
    expect(row.answer!.tokenCount).toBe(answer.tokens.length - row.promptTokenCount)
    expect(bytesOfHex(row.completionHex).length).toBeGreaterThan(0)
  })

  it('fails the rows that are to fail and those that are too long, and goes on', async () => {
    const client = createFakeClient({
      contextLength: 40,
      failRow: ({id}) => (id === 'row 2' ? FAILURE : null),
    })
    const long = {id: 'long', prompt: 'coin '.repeat(50)}
    const events = await listOf(
      await client.prompts.run({model: 'm', rows: [long, ...rows.slice(0, 4)]})
    )
    const told = events.flatMap((event) => {
      if (event.kind === 'row') return [event.row.id]
      return event.kind === 'row-failed' ? [`${event.id}: ${event.problem.code}`] : []
    })
    expect(told).toEqual(['long: prompt-too-long', 'row 0', 'row 1', 'row 2: pretended', 'row 3'])
  })

  it('stops a prompt list where it is cancelled, and gives the same rows when it goes on', async () => {
    const client = createFakeClient({delayMs: 2})
    const options = {model: 'm', generate: 3, sample: true}
    const all = await listOf(await client.prompts.run({...options, rows}))
    const controller = new AbortController()
    const some: PromptListEvent[] = []
    const reading = (async () => {
      const stream = await client.prompts.run({...options, rows}, {signal: controller.signal})
      for await (const event of stream) {
        if (event.kind === 'row') some.push(event)
        if (some.length === 3) controller.abort()
      }
    })()
    expect(isCancellation(await reading.catch((error) => error))).toBe(true)
    const rest = await listOf(await client.prompts.run({...options, rows: rows.slice(3)}))
    expect([...some, ...rest.filter(({kind}) => kind === 'row')]).toEqual(
      all.filter(({kind}) => kind === 'row')
    )
  })

  it('keeps preferences for all who watch, and tells what was wrong with them once', async () => {
    const client = createFakeClient({preferences: {theme: 'dark'}, preferencesProblem: FAILURE})
    const first = await client.preferences.watch()
    expect((await first.next()).value).toMatchObject({
      preferences: {theme: 'dark', colors: 'ember'},
      problem: FAILURE,
    })
    const second = await client.preferences.watch()
    expect((await second.next()).value).toMatchObject({problem: null})
    const told = [first.next(), second.next()]
    await client.preferences.change({threads: 2, maxMemoryBytes: 2 ** 27})
    for (const state of await Promise.all(told)) {
      expect(state.value).toMatchObject({preferences: {theme: 'dark', threads: 2}, problem: null})
    }
    expect(await client.engine.status()).toMatchObject({threads: 2, maxMemoryBytes: 2 ** 27})
    await expect(client.preferences.change({threads: 0})).rejects.toThrow()
    // Leaving does not wait for the next change.
    await Promise.all([first.return?.(), second.return?.()])
  })

  it('has a log, derivations and turns', async () => {
    const client = createFakeClient({hasChatTemplate: true})
    const log = await client.engine.log()
    expect(((await log.next()).value as LogLine[]).length).toBe(1)
    for await (const event of await client.models.load({model: 'micro-base'})) {
      if (event.kind === 'loaded') expect(event.model.chatTemplate).toBe(true)
    }
    expect((await log.next()).value).toMatchObject([{level: 'info'}])
    await log.return?.()
    const messages = [
      {role: 'user', content: 'Né?'},
      {role: 'assistant', content: 'Tom.'},
    ]
    const {text, turns} = await tokensOf(client, {model: 'micro-base', messages, prompt: 'Why?'})
    const bytes = Buffer.from(text)
    expect(turns!.map((turn) => bytes.toString('utf8', turn.byteStart, turn.byteEnd))).toEqual([
      'Né?\n',
      'Tom.\n',
      'Why?',
    ])
    expect(turns!.at(-1)).toMatchObject({role: 'user', byteEnd: bytes.length})
    const {tokens} = await client.text.tokenize({model: 'micro-base', prompt: ' lamp'})
    const word = await client.text.derive({model: 'micro-base', id: tokens.ids[1]!})
    expect([word.kind, word.merges.length]).toEqual(['merged', 4])
    expect((await client.text.derive({model: 'micro-base', id: 0})).kind).toBe('special')
    expect((await client.text.derive({model: 'micro-base', id: 70})).kind).toBe('byte')
  })
})
