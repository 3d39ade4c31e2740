import {expect, test} from 'vitest'
import {adviceNow} from './advice.ts'

const lost = {code: 'engine-lost', message: 'It stopped.', advice: 'Wait, then run it again.'}
const connected = {connection: 'connected' as const, engineStop: null}

test('an engine that is back need not be waited for', () => {
  const stop = (isRunningAgain: boolean) => ({
    ...{reason: 'was killed', isRunningAgain, isHostMissing: false},
  })
  expect(adviceNow(lost, {...connected, engineStop: stop(false)})).toBe(lost.advice)
  expect(adviceNow(lost, {connection: 'lost', engineStop: stop(true)})).toBe(lost.advice)
  expect(adviceNow(lost, {...connected, engineStop: stop(true)})).toBe('Run it again.')
  expect(adviceNow({...lost, code: 'other'}, connected)).toBe(lost.advice)
})
