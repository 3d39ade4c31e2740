import {expect, test} from 'vitest'
import type {EngineClient} from '../../shared/engine-client/connect.ts'
import type {BytesRequest} from '../../shared/lenses/bytes.ts'
import {memoryStorage, openedWorkbench} from './fake-workbench.ts'
import {prefixOf, selectShownBytes} from './next-bytes.ts'

const token = (bytes: Uint8Array | string, isInserted = false) => ({
  bytesHex: Buffer.from(bytes).toString('hex'),
  isInserted,
})
const prefix = (tokens: ReturnType<typeof token>[], position: number) =>
  prefixOf({tokens} as never, position)

test('the text up to a token, without what the tokenizer inserted', () => {
  const tokens = [token('<s>', true), token('ab'), token(' c'), token('d')]
  expect(prefix(tokens, 2)).toEqual({prompt: 'ab c', prefixHex: ''})
  expect(prefix(tokens, 0)).toEqual({prompt: '', prefixHex: ''})
})

test.each(['é', '語', '🤷'])(
  'a token that ends inside %s leaves its bytes to the prefix',
  (text) => {
    const bytes = Buffer.from(text)
    for (let cut = 1; cut < bytes.length; cut++) {
      const tokens = [token('a'), token(bytes.subarray(0, cut)), token(bytes.subarray(cut))]
      expect(prefix(tokens, 1)).toEqual({
        prompt: 'a',
        prefixHex: bytes.subarray(0, cut).toString('hex'),
      })
      expect(prefix(tokens, 2)).toEqual({prompt: `a${text}`, prefixHex: ''})
    }
  }
)

async function openedBytes() {
  const asked: BytesRequest[] = []
  const workbench = await openedWorkbench(
    {},
    memoryStorage(),
    (client): EngineClient => ({
      ...client,
      bytes: {
        ...client.bytes,
        run: async (input, options) => {
          asked.push(input as BytesRequest)
          return client.bytes.run(input, options)
        },
      },
    })
  )
  const {store, captures} = workbench
  const shown = () => selectShownBytes(store.getState(), captures, 0)
  return {workbench, asked, shown}
}

test('nothing is computed until it is shown; another token is another text; undo hides it', async () => {
  const {workbench, asked, shown} = await openedBytes()
  expect(shown().key).toBeNull()
  workbench.actions.toggleNextBytes()
  await workbench.until('the distribution', () => shown().result !== null)
  expect(asked).toHaveLength(1)
  const {bytes, endProb, leakProb} = shown().result!
  expect(bytes.reduce((sum, {prob}) => sum + prob, endProb + leakProb)).toBeCloseTo(1, 9)

  const runId = workbench.seen().activeRunId!
  workbench.actions.toggleLock(1, runId)
  await workbench.until(
    'the other one',
    () => shown().key?.endsWith(':1') === true && shown().result !== null
  )
  expect(asked).toHaveLength(2)
  expect(asked[0]!.prompt!.startsWith(asked[1]!.prompt!)).toBe(true)

  workbench.actions.undo()
  workbench.actions.undo()
  expect(workbench.store.getState().isByteShown).toBe(false)
  expect(shown().key).toBeNull()
})
