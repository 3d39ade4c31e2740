import {Tensor} from 'onnxruntime-node'
import {describe, expect, it} from 'vitest'
import {createSeededRandom} from '../../../shared/math/seeded-random.ts'
import {CachePlaces} from './cache-places.ts'
import {NO_ROW, RowStore} from './row-store.ts'

const [HEADS, SIZE] = [2, 3]

/** Rows [head, row, size] whose numbers say head, row and place. */
function rowsFrom(first: number, count: number, before = 0): Tensor {
  const total = before + count
  const data = new Float32Array(HEADS * total * SIZE).fill(-1)
  for (let head = 0; head < HEADS; head++) {
    for (let row = 0; row < count; row++) {
      for (let i = 0; i < SIZE; i++) {
        data[(head * total + before + row) * SIZE + i] = head * 10_000 + (first + row) * 10 + i
      }
    }
  }
  return new Tensor('float32', data, [1, HEADS, total, SIZE])
}

function expectRows(tensor: Tensor, places: Int32Array) {
  expect(tensor.dims).toEqual([1, HEADS, places.length, SIZE])
  const data = tensor.data as Float32Array
  for (let head = 0; head < HEADS; head++) {
    for (const [place, row] of places.entries()) {
      if (row === NO_ROW) continue
      const at = (head * places.length + place) * SIZE
      expect(data[at]).toBe(head * 10_000 + row * 10)
      expect(data[at + SIZE - 1]).toBe(head * 10_000 + row * 10 + SIZE - 1)
    }
  }
}

describe('rows of a cache', () => {
  it('are given back in any choice and order, whatever was given before', () => {
    const store = new RowStore(2)
    // New rows alone, and such as come behind others that were fed.
    store.append(rowsFrom(0, 70), 70)
    store.append(rowsFrom(70, 90, 40), 90)
    const random = createSeededRandom(3)
    for (let turn = 0; turn < 200; turn++) {
      const length = turn % 20 < 10 ? 64 : 1 + Math.floor(random.nextUnit() * 100)
      const places = Int32Array.from({length}, () => Math.floor(random.nextUnit() * 161) - 1)
      expectRows(store.gather(places), places)
    }
    store.keep([3, 4, 5, 90, 159])
    const data = store.gather(Int32Array.of(4, 0)).data as Float32Array
    expect([data[0], data[SIZE]]).toEqual([1590, 30])
    expect(store.byteLength).toBe(5 * HEADS * SIZE * 4)
  })

  it('stay in their places as long as they are needed, in as many as there may be', () => {
    const places = new CachePlaces()
    const random = createSeededRandom(4)
    let before = Int32Array.of()
    let moved = 0
    for (let turn = 0; turn < 300; turn++) {
      const needed = Array.from({length: 120}, (_, row) => row).filter(
        (row) => row < 40 || random.nextUnit() < turn / 400
      )
      const most = turn < 250 ? 1000 : 125
      const rows = places.assign(needed, most)
      expect(rows.length).toBeLessThanOrEqual(most)
      expect([...rows].filter((row) => row !== NO_ROW).sort((a, b) => a - b)).toEqual(needed)
      if (rows.length === before.length) {
        for (const [place, row] of before.entries()) {
          if (row !== NO_ROW && needed.includes(row) && rows[place] !== row) moved++
        }
      }
      before = rows.slice()
    }
    expect(moved).toBe(0)
  })
})
