import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {createRouterClient} from '@orpc/server'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {type TemporaryFolder, temporaryFolder} from '../../../../fixtures/broken.ts'
import {tinyDecoderFiles, writeModelFiles} from '../../../../fixtures/tiny-models.ts'
import {assembleTokens} from '../../../shared/lenses/assemble-tokens.ts'
import {type TokensEvent, tokensRequestSchema} from '../../../shared/lenses/tokens.ts'
import {createBlobs} from '../blobs.ts'
import {createHandlers} from '../handlers.ts'

describe('two folders with the same graph', () => {
  let folder: TemporaryFolder
  const paths: string[] = []
  beforeAll(async () => {
    folder = await temporaryFolder()
    for (const endId of [1, 40]) {
      const path = join(folder.path, `end-${endId}`)
      paths.push(await writeModelFiles(path, tinyDecoderFiles({hasKvCache: true})))
      await writeFile(join(path, 'generation_config.json'), JSON.stringify({eos_token_id: endId}))
    }
  })
  afterAll(() => folder.remove())

  function open() {
    const handlers = createHandlers(
      {
        version: '0.0.0',
        builtinModelsFolder: join(folder.path, 'no-such-folder'),
        tokenizersFolder: join(import.meta.dirname, '../../../../assets/tokenizers'),
        fontsFolder: join(import.meta.dirname, '../../../../assets/fonts'),
        stateFolder: null,
        threads: 1,
        maxMemoryBytes: 64e6,
        startCount: 1,
        lastExit: null,
      },
      {blobs: createBlobs()}
    )
    return {client: createRouterClient(handlers.router), close: handlers.close}
  }

  async function resultOf(client: ReturnType<typeof open>['client'], model: string) {
    const request = {model, prompt: 'The queen walks to the river.'}
    const events: TokensEvent[] = []
    for await (const event of await client.tokens.run(request)) events.push(event)
    return assembleTokens(tokensRequestSchema.parse(request), events)!
  }

  it('have each its own end probability, and keep their rows when the other is unloaded', async () => {
    const [a, b] = paths as [string, string]
    const {client, close} = open()
    const first = await resultOf(client, a)
    const ofFirst = (await client.engine.status()).usedMemoryBytes
    const second = await resultOf(client, b)
    expect(second.model.sha256).toBe(first.model.sha256)
    const fresh = open()
    expect(second.tokens).toEqual((await resultOf(fresh.client, b)).tokens)
    await fresh.close()
    const endProbs = [first, second].map(({tokens}) => tokens.map(({endProb}) => endProb))
    expect(endProbs[0]).not.toEqual(endProbs[1])

    expect((await client.engine.status()).usedMemoryBytes).toBe(2 * ofFirst)
    await client.models.unload({model: a})
    expect((await client.engine.status()).usedMemoryBytes).toBe(ofFirst)
    await client.models.unload({model: b})
    expect((await client.engine.status()).usedMemoryBytes).toBe(0)
    await close()
  })
})
