import type {TokenizerEntry, TokenizerEntryRequest} from '../../../shared/contract/contract.ts'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {hexOfBytes} from '../../../shared/domain/token.ts'
import type {ShelvedTokenizer, TokenizerShelf} from '../tokenizers/shelf.ts'

/** One vocabulary entry: its bytes, the merges that build it, and what its bytes are in other tokenizers. */
export async function* runEntry(
  shelf: TokenizerShelf,
  {tokenizer, id, others}: TokenizerEntryRequest
): AsyncGenerator<TokenizerEntry, void, undefined> {
  const shelved = await shelf.open(tokenizer)
  const derivation = shelved.tokenizer.derivationOf(id)
  if (!derivation) throw noEntry(shelved, id)
  const bytes = shelved.tokenizer.bytesOf(id)
  const text = textOf(bytes)
  const elsewhere: TokenizerEntry['elsewhere'] = []
  for (const name of others) {
    if (name === tokenizer) continue
    const other = await shelf.open(name)
    const pieces =
      text === null
        ? null
        : await other.tokenizer.encodeTable(text, {noSpecialTokens: true, isContinued: true})
    elsewhere.push({
      tokenizer: name,
      id: other.tokenizer.idOfBytes(bytes),
      pieceIds: pieces && [...pieces.table.ids],
    })
  }
  yield {
    bytesHex: hexOfBytes(bytes),
    isSpecial: derivation.kind === 'special',
    derivation,
    elsewhere,
  }
}

const decoder = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true})

/** The text that some bytes are; null where they are only part of one. */
function textOf(bytes: Uint8Array): string | null {
  try {
    return bytes.length === 0 ? null : decoder.decode(bytes)
  } catch {
    return null
  }
}

function noEntry({facts, tokenizer}: ShelvedTokenizer, id: number): ProblemError {
  return new ProblemError({
    code: 'no-such-token',
    message: `${facts.name} has no entry with this id.`,
    field: 'id',
    found: String(id),
    expected: `an id from 0 to ${tokenizer.tokenCount - 1} that its file lists`,
    advice: 'Choose another entry.',
  })
}
