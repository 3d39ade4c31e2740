import {expect, test} from 'vitest'
import {sparkHint} from './sparkline.tsx'

test('a short prompt has every value, in bits; what has none is a dash', () => {
  expect(sparkHint(Float32Array.of(Number.NaN, 4.5, 0.25))).toBe(
    '2 tokens, 0.25 to 4.5 bits; most at token 1. Bits token by token: —, 4.50, 0.25.'
  )
  expect(sparkHint(Float32Array.of(Number.NaN))).toContain('No token')
})

test('a long prompt has its first ones, and what stands over the top is said', () => {
  const hint = sparkHint(Float32Array.from({length: 1234}, () => 9))
  expect(hint).toContain('1,234 tokens, 9.0 to 9.0 bits, drawn up to 8')
  expect(hint.split('9.00')).toHaveLength(32 + 1)
})
