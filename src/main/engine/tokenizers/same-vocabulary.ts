import {ProblemError} from '../../../shared/domain/problem.ts'
import {hexOfBytes} from '../../../shared/domain/token.ts'
import type {Tokenizer} from './tokenizer.ts'

const LISTED_DIFFERENCES = 8

/** A model beside another, and what it is there for. */
export interface OtherModel {
  /** Null where its folder has none. */
  readonly tokenizer: Tokenizer | null
  /** Entries of the vocabulary. */
  readonly size: number
  readonly name: string
  /** The field of the request that names it. */
  readonly role: 'draft' | 'positive' | 'negative'
}

const ROLES = {
  draft: 'draft',
  positive: 'positive model',
  negative: 'negative model',
} as const

/** Throws a Problem that names the ids at which two vocabularies differ. */
export function checkSameVocabulary(
  own: {readonly tokenizer: Tokenizer; readonly size: number},
  other: OtherModel
): void {
  const {tokenizer} = other
  if (!tokenizer) throw differentVocabularies(other, 'no tokenizer.json', 'the same vocabulary')
  if (own.size !== other.size) {
    throw differentVocabularies(
      other,
      `${other.size} ids; those from ${Math.min(own.size, other.size)} on are in one model only`,
      `${own.size} ids, the same as the model’s`
    )
  }
  if (own.tokenizer.sha256 === tokenizer.sha256) return
  const differing: string[] = []
  let count = 0
  const most = Math.max(own.tokenizer.tokenCount, tokenizer.tokenCount)
  for (let id = 0; id < most; id++) {
    const [ownBytes, otherBytes] = [own.tokenizer, tokenizer].map((one) =>
      id < one.tokenCount ? hexOfBytes(one.bytesOf(id)) : 'none'
    )
    if (ownBytes === otherBytes) continue
    if (count++ < LISTED_DIFFERENCES) differing.push(`${id} (${ownBytes} and ${otherBytes})`)
  }
  if (count === 0) return
  const more = count > LISTED_DIFFERENCES ? ` and ${count - LISTED_DIFFERENCES} more` : ''
  throw differentVocabularies(
    other,
    `different bytes at ids ${differing.join(', ')}${more}`,
    'the same token for every id'
  )
}

function differentVocabularies(
  {name, role}: OtherModel,
  found: string,
  expected: string
): ProblemError {
  return new ProblemError({
    code: 'different-vocabularies',
    message: `The ${ROLES[role]} ${name} does not share the model’s vocabulary, so its tokens mean something else.`,
    field: role,
    found,
    expected,
    advice: 'Choose one of the same family, whose tokenizer is the same file.',
  })
}
