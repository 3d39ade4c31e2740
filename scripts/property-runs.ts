import fc from 'fast-check'

/** Cases that each property-based test tries, unless it says otherwise. */
const CASE_COUNT = 100
const FULL_CASE_COUNT = 500

// `npm run test:full` looks further than a few minutes allow.
fc.configureGlobal({numRuns: process.env.TOKENSCOPE_FULL ? FULL_CASE_COUNT : CASE_COUNT})
