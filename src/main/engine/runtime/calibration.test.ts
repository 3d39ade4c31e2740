import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {Calibration, Calibrations} from './calibration.ts'

/** Milliseconds of a run by a loop over its queries. */
function costOf(
  [ofRun, ofPosition, ofPair]: readonly [number, number, number],
  firstPosition: number,
  positionCount: number
): number {
  let ms = ofRun
  for (let query = firstPosition; query < firstPosition + positionCount; query++) {
    ms += ofPosition + ofPair * (query + 0.5)
  }
  return ms
}

function calibrated(
  costs: readonly [number, number, number],
  runs: readonly (readonly [first: number, count: number])[]
): Calibration {
  const calibration = new Calibration()
  for (const [firstPosition, positionCount] of runs) {
    const elapsedMs = costOf(costs, firstPosition, positionCount)
    calibration.record({firstPosition, positionCount, elapsedMs})
  }
  return calibration
}

describe('a calibration', () => {
  it('knows what a text takes of which no run was measured', () => {
    const cost = fc.double({min: 0.01, max: 10, noNaN: true})
    fc.assert(
      fc.property(cost, cost, cost, (ofRun, ofPosition, ofPair) => {
        const costs = [ofRun, ofPosition, ofPair / 100] as const
        const calibration = calibrated(costs, [
          [0, 16],
          [0, 64],
          [0, 256],
          [256, 64],
        ])
        const whole = costOf(costs, 0, 1500) / 1000
        expect(calibration.secondsFor(1500, 1500)! / whole).toBeCloseTo(1, 3)
        const cut = (costOf(costs, 0, 1000) + costOf(costs, 1000, 500)) / 1000
        expect(calibration.secondsFor(1500, 1000)! / cut).toBeCloseTo(1, 3)
        const rest = costOf(costs, 1000, 500) / 1000
        expect(calibration.secondsFor(1500, 1000, 1000)! / rest).toBeCloseTo(1, 3)
      })
    )
  })

  it('takes a single run for its rate, and says nothing before it', () => {
    expect(new Calibration().secondsFor(10, 10)).toBeNull()
    const calibration = new Calibration()
    calibration.record({firstPosition: 0, positionCount: 0, elapsedMs: 5})
    expect(calibration.secondsFor(10, 10)).toBeNull()
    calibration.record({firstPosition: 0, positionCount: 50, elapsedMs: 100})
    expect(calibration.secondsFor(500, 100)).toBeCloseTo(1, 6)
  })

  it('never takes less for more, whatever was measured', () => {
    const run = fc.record({
      firstPosition: fc.nat(2000),
      positionCount: fc.integer({min: 1, max: 500}),
      elapsedMs: fc.double({min: 0.01, max: 1e5, noNaN: true}),
    })
    fc.assert(
      fc.property(fc.array(run, {minLength: 1, maxLength: 60}), (runs) => {
        const calibration = new Calibration()
        for (const one of runs) calibration.record(one)
        const seconds = [10, 100, 1000].map((count) => calibration.secondsFor(count, 64)!)
        expect(seconds.every((one) => Number.isFinite(one) && one >= 0)).toBe(true)
        expect(seconds).toEqual(seconds.toSorted((a, b) => a - b))
      })
    )
  })

  it('follows a machine that gets slower', () => {
    const calibration = calibrated([0, 1, 0], new Array(48).fill([0, 10]))
    for (let i = 0; i < 48; i++) {
      calibration.record({firstPosition: 0, positionCount: 10, elapsedMs: 30})
    }
    expect(calibration.secondsFor(1000, 100)).toBeCloseTo(3, 6)
  })

  it('is kept by model and route', () => {
    const all = new Calibrations()
    all.of('a', 'weights').record({firstPosition: 0, positionCount: 1, elapsedMs: 1})
    expect(all.of('a', 'weights').secondsFor(2, 1)).toBeCloseTo(0.002, 9)
    expect(all.of('a', 'queries-keys').secondsFor(2, 1)).toBeNull()
    expect(all.of('b', 'weights').secondsFor(2, 1)).toBeNull()
  })
})
