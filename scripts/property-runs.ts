import fc from 'fast-check'

/** Cases that each property-based test tries, unless it says otherwise. */
const CASE_COUNT = 100
const FULL_CASE_COUNT = 500
/** `npm test` tries the same cases every time, so that it fails for what was changed and nothing else. */
const SEED = 1234567

// `npm run test:full` looks further than a few minutes allow, and elsewhere each time.
fc.configureGlobal(
  process.env.TOKENSCOPE_FULL ? {numRuns: FULL_CASE_COUNT} : {numRuns: CASE_COUNT, seed: SEED}
)
