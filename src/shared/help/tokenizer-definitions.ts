import type {Definition} from './definition.ts'

const OURS = 'ours'

/** What the comparison of tokenizers says. */
export const TOKENIZER_DEFINITIONS = {
  'tokens-in-common': {
    title: 'cut this way by',
    unit: 'a count of tokenizers',
    text: 'How many of the compared tokenizers have a token of exactly these bytes: lightest where all do, strongest where one stands alone.',
    source: OURS,
    topic: 'Tokenizers',
  },
  'vocabulary-size': {
    title: 'entries',
    unit: 'a count',
    text: 'One more than the highest id of the vocabulary, special tokens included.',
    source: 'the tokenizer’s file',
    topic: 'Tokenizers',
  },
  'token-count': {
    title: 'tokens',
    unit: 'a count',
    text: 'Tokens that the typed text is cut into. What a tokenizer puts around the text is outlined and in no count.',
    source: OURS,
    topic: 'Tokenizers',
  },
  'bytes-per-token': {
    title: 'bytes per token',
    unit: 'UTF-8 bytes',
    text: 'Bytes of the text by its tokens: how dense the encoding is, in a unit that is the same for every language.',
    source: 'common; also arXiv 2402.01035',
    topic: 'Tokenizers',
  },
  fertility: {
    title: 'fertility',
    unit: 'tokens a word',
    text: 'Tokens that belong to words, by words. A token belongs to the word that owns most of its bytes. What a word is stands under Counting.',
    source: 'Rust et al. 2021',
    topic: 'Tokenizers',
  },
  'continued-words': {
    title: 'continued words',
    unit: 'a share of the words',
    text: 'Words that are cut into two tokens or more.',
    source: 'Rust et al. 2021',
    topic: 'Tokenizers',
  },
  'relative-length': {
    title: 'relative length',
    unit: 'a ratio',
    text: 'Tokens by those of the tokenizer of reference, on this text. Below 1 is shorter.',
    source: 'normalised sequence length, arXiv 2402.01035',
    topic: 'Tokenizers',
  },
  'context-share': {
    title: 'of the window',
    unit: 'a share',
    text: 'Tokens by those that a context window of the length under Counting holds.',
    source: OURS,
    topic: 'Tokenizers',
  },
  'token-cost': {
    title: 'cost',
    unit: 'the currency of the price',
    text: 'Tokens by the price of a million that stands under Counting.',
    source: OURS,
    topic: 'Tokenizers',
  },
  'span-badge': {
    title: 'spans',
    unit: 'none, a word',
    text: 'Whether the bytes of the tokens are those of the text: lossless; after one space put in front (dummy prefix); normalised, where the text was changed; or with bytes dropped.',
    source: OURS,
    topic: 'Tokenizers',
  },
  'proof-badge': {
    title: 'proof',
    unit: 'a count of texts',
    text: 'On how many hard texts the ids equal those of the reference, and whether a second implementation gives the same ids of this text.',
    source: OURS,
    topic: 'Tokenizers',
  },
  'boundary-f1': {
    title: 'shared cuts',
    unit: 'a share from 0 to 1',
    text: 'F1 of the places at which two tokenizers cut the text: twice those in common by all of both. 1 where they cut alike.',
    source: OURS,
    topic: 'Tokenizers',
  },
  premium: {
    title: 'premium',
    unit: 'a ratio',
    text: 'Tokens of aligned sentences in a language by those of the same sentences in the language of reference; 1 is parity.',
    source: 'Petrov et al. 2023, arXiv 2305.15425',
    topic: 'Tokenizers',
  },
  'fairness-gini': {
    title: 'Gini over languages',
    unit: 'a share from 0 to 1',
    text: 'How unequal tokens a sentence are over the languages: 0 where all cost the same.',
    source: 'Gini coefficient, as in cimeister/tokenizer-analysis-suite',
    topic: 'Tokenizers',
  },
} as const satisfies Readonly<Record<string, Definition>>
