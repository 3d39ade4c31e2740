import {expect, test} from 'vitest'
import {
  formatBits,
  formatCount,
  formatFixed,
  formatProb,
  formatRank,
  formatSetting,
  roundPx,
} from './number-format.ts'

test('probabilities have two decimals, three below 0.01, and never claim to be 0 or nothing', () => {
  const cases: [number | null | undefined, string][] = [
    [1, '1.00'],
    [0.83, '0.83'],
    [0.00999, '0.01'],
    [0.0099, '0.010'],
    [0.0066, '0.007'],
    [0.0005, '0.001'],
    [0.0004, '<0.001'],
    [1e-13, '<0.001'],
    [1e-300, '<0.001'],
    [0, '0'],
    [null, '—'],
    [undefined, '—'],
    [Number.NaN, '—'],
  ]
  for (const [prob, text] of cases) expect(formatProb(prob)).toBe(text)
})

test('counts are grouped by thousands', () => {
  expect([0, 999, 1000, 2038, 1234567, -4000].map(formatCount)).toEqual([
    '0',
    '999',
    '1,000',
    '2,038',
    '1,234,567',
    '−4,000',
  ])
})

test('ranks count from 1 on screen, and what has none is a dash', () => {
  expect([0, 27, 2047, null].map(formatRank)).toEqual(['1', '28', '2,048', '—'])
})

test('bits keep a second decimal below 1', () => {
  expect([5.4, 0.27, 0.04, 0, null].map(formatBits)).toEqual(['5.4', '0.27', '0.04', '0.00', '—'])
})

test('a minus sign is a minus sign, and there is no negative zero', () => {
  expect([formatFixed(-0.21, 2), formatFixed(-0.001, 2), formatFixed(Infinity, 1)]).toEqual([
    '−0.21',
    '0.00',
    '—',
  ])
  expect(Object.is(roundPx(-0.001), 0)).toBe(true)
  expect(roundPx(1.005 + 1e-9)).toBe(1.01)
})

test('settings are as short as they are', () => {
  expect([0.9, 0.95, 0.125, 1].map(formatSetting)).toEqual(['0.90', '0.95', '0.125', '1.00'])
})
