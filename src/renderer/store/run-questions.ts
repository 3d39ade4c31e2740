import type {TokensRun} from '../../shared/lenses/assemble-tokens.ts'
import type {TokensRequest} from '../../shared/lenses/tokens.ts'
import type {StoreContext} from './context.ts'

/**
 * The text that gives exactly these first ids of a run; null where cutting the text would cut it into
 * other tokens, so that the ids themselves have to go on.
 */
export async function promptOfPrefix(
  {client}: StoreContext,
  {model, file, prompt, noSpecialTokens, parseSpecial}: TokensRequest,
  data: TokensRun,
  prefixIds: readonly number[]
): Promise<string | null> {
  const {byteEnd} = data.tokens[prefixIds.length - 1]!
  // Of a chat or of a prompt that was cut the text is not what was typed.
  if (prompt !== data.text) return null
  const text = new TextDecoder().decode(new TextEncoder().encode(prompt).subarray(0, byteEnd))
  try {
    const input = {model, file, prompt: text, noSpecialTokens, parseSpecial}
    const {tokens} = await client.text.tokenize(input)
    const isSame =
      tokens.ids.length === prefixIds.length && prefixIds.every((id, i) => id === tokens.ids[i])
    return isSame ? text : null
  } catch {
    return null
  }
}

/** Upper estimate of what a request takes, in seconds; null where nothing is known yet. */
export async function estimateSeconds(
  {client}: StoreContext,
  request: TokensRequest
): Promise<number | null> {
  const {model, file, prompt, messages, chat, noSpecialTokens, parseSpecial, truncate} = request
  try {
    const input = {model, file, prompt, messages, chat, noSpecialTokens, parseSpecial, truncate}
    const {tokens} = await client.text.tokenize(input)
    const tokenCount = tokens.ids.length + (request.completionIds?.length ?? 0)
    const estimate = {model, file, tokenCount, generate: request.generate}
    return (await client.tokens.estimate(estimate)).seconds
  } catch {
    // The run itself says what is wrong.
    return null
  }
}
