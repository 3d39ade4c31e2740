import {describe, expect, it} from 'vitest'
import {positionIdsOf, visibilityOf} from '../onnx/intervention-feeds.ts'
import {BranchRows} from './branch-rows.ts'

describe('rows of a branching cache', () => {
  it('share what texts begin with, and run the last token of each in any case', () => {
    const rows = new BranchRows()
    const first = rows.plan([[7, 8, 9]])
    expect(first).toEqual({tokenIds: [7, 8, 9], parents: [-1, 0, 1], places: [2]})
    rows.append(first.tokenIds, first.parents)
    const second = rows.plan([
      [7, 8, 9, 1],
      [7, 8, 9, 1, 2],
      [7, 8, 9, 3],
      [7, 8, 9],
    ])
    expect(second.tokenIds).toEqual([1, 2, 3, 9])
    expect(second.parents).toEqual([2, 3, 2, 1])
    expect(second.places).toEqual([0, 1, 2, 3])
    rows.append(second.tokenIds, second.parents)
    expect(rows.rowsOf([7, 8, 9, 1, 2, 5])).toEqual([0, 1, 2, 3, 4])
  })

  it('go on from the row that has what follows where another text ends there and is run once more', () => {
    const rows = new BranchRows()
    const first = rows.plan([[7, 8, 9, 1, 2]])
    rows.append(first.tokenIds, first.parents)
    // One text ends at 8, a longer one goes through it.
    const second = rows.plan([
      [7, 8],
      [7, 8, 9, 1, 2, 5],
    ])
    expect(second).toEqual({tokenIds: [8, 5], parents: [0, 4], places: [0, 1]})
  })

  it('let a row see its ancestors and itself, at the position of its depth', () => {
    const parents = [-1, 0, 1, 1, 2, 3, 3, 0]
    const rows = new BranchRows()
    rows.append([5, 6, 7, 8, 9, 10, 11, 12], parents)
    const sees = visibilityOf({parents})
    const depths = positionIdsOf({parents})
    // However many of them are run together: siblings of an earlier row, and of one of the run.
    for (let count = 1; count <= 8; count++) {
      const bias = rows.bias(count)
      const shifts = rows.shifts(count)
      const first = 8 - count
      for (let query = 0; query < count; query++) {
        for (let key = 0; key < 8; key++) {
          expect(bias[query * 8 + key] === 0).toBe(sees(first + query).has(key))
        }
        expect(Number(shifts[query])).toBe(depths[first + query]! - (first + query))
      }
    }
  })

  it('find ancestors in whatever places they lie, and none where there is no row', () => {
    const rows = new BranchRows()
    rows.append([5, 6, 7, 8, 9, 10], [-1, 0, 0, 1, 2, 2])
    // Row 4 and 5 are run behind rows 2 and 0, which lie in the last places of four.
    const bias = rows.bias(2, [-1, -1, 2, 0])
    const seen = [...bias].map((added) => added === 0)
    expect(seen.slice(0, 6)).toEqual([false, false, true, true, true, false])
    expect(seen.slice(6)).toEqual([false, false, true, true, false, true])
  })

  it('number anew what is kept', () => {
    const rows = new BranchRows()
    rows.append([5, 6, 7, 8, 9], [-1, 0, 0, 2, 2])
    rows.keep([0, 2, 4])
    expect(rows.count).toBe(3)
    expect(rows.rowsOf([5, 7, 9])).toEqual([0, 1, 2])
    expect(rows.rowsOf([5, 6])).toEqual([0])
  })
})
