import fc from 'fast-check'
import {expect, test} from 'vitest'
import {cutText} from './cut-text.ts'

const decode = (bytes: Uint8Array) => new TextDecoder('utf-8', {fatal: true}).decode(bytes)

test('a part is as many whole characters as fit, at either end', () => {
  fc.assert(
    fc.property(fc.string({unit: 'binary'}), fc.nat(40), (whole, most) => {
      const first = decode(cutText(whole, 'first', most))
      const last = decode(cutText(whole, 'last', most))
      expect(whole.startsWith(first)).toBe(true)
      expect(whole.endsWith(last)).toBe(true)
      const characters = [...whole]
      const sizeOf = (part: readonly string[]) => new TextEncoder().encode(part.join('')).length
      const firstCount = [...first].length
      const lastCount = [...last].length
      expect(sizeOf([...first])).toBeLessThanOrEqual(most)
      expect(sizeOf([...last])).toBeLessThanOrEqual(most)
      // One character more would be too much.
      if (firstCount < characters.length) {
        expect(sizeOf(characters.slice(0, firstCount + 1))).toBeGreaterThan(most)
      }
      if (lastCount < characters.length) {
        expect(sizeOf(characters.slice(characters.length - lastCount - 1))).toBeGreaterThan(most)
      }
    })
  )
})
