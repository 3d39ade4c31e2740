import {setImmediate as nextTurn} from 'node:timers/promises'
import {describe, expect, it} from 'vitest'
import {Changes} from './changes.ts'
import {EventQueue} from './event-queue.ts'
import {type Priority, RunQueue} from './run-queue.ts'

describe('the run queue', () => {
  it('runs one at a time, interactive before batch, else in order', async () => {
    const queue = new RunQueue()
    const order: string[] = []
    let runningCount = 0
    const add = (name: string, priority: Priority) =>
      queue.run(priority, undefined, async () => {
        expect(++runningCount).toBe(1)
        await nextTurn()
        order.push(name)
        runningCount--
      })
    const all = [
      add('a', 'batch'),
      add('b', 'batch'),
      add('c', 'interactive'),
      add('d', 'batch'),
      add('e', 'interactive'),
    ]
    expect(queue.count).toBe(5)
    await Promise.all(all)
    expect(order).toEqual(['a', 'c', 'e', 'b', 'd'])
    expect(queue.count).toBe(0)
  })

  it('goes on after a task that fails', async () => {
    const queue = new RunQueue()
    const failing = queue.run('batch', undefined, () => Promise.reject(new Error('no')))
    const fine = queue.run('batch', undefined, () => Promise.resolve(7))
    await expect(failing).rejects.toThrow('no')
    expect(await fine).toBe(7)
  })

  it('drops a task that is aborted while it waits', async () => {
    const queue = new RunQueue()
    const controller = new AbortController()
    const order: string[] = []
    const first = queue.run('batch', undefined, () => nextTurn())
    const dropped = queue.run('interactive', controller.signal, async () => order.push('dropped'))
    const last = queue.run('batch', undefined, async () => order.push('last'))
    controller.abort(new Error('gone'))
    await expect(dropped).rejects.toThrow('gone')
    await Promise.all([first, last])
    expect(order).toEqual(['last'])
    await expect(queue.run('batch', controller.signal, nextTurn)).rejects.toThrow('gone')
  })

  it('tells of every change', async () => {
    const counts: number[] = []
    const queue: RunQueue = new RunQueue(() => counts.push(queue.count))
    await Promise.all([
      queue.run('batch', undefined, () => nextTurn()),
      queue.run('batch', undefined, () => nextTurn()),
    ])
    expect(counts.at(-1)).toBe(0)
    expect(Math.max(...counts)).toBe(2)
  })
})

describe('the event queue', () => {
  it('delivers in order, before its end or its error', async () => {
    const queue = new EventQueue<number>()
    queue.push(1)
    const seen: number[] = []
    const reading = (async () => {
      for await (const value of queue) seen.push(value)
    })()
    await nextTurn()
    queue.push(2)
    queue.push(3)
    queue.fail(new Error('broken'))
    queue.push(4)
    await expect(reading).rejects.toThrow('broken')
    expect(seen).toEqual([1, 2, 3])
  })
})

describe('changes', () => {
  it('are told at once, then at most once in an interval, and the last is never lost', async () => {
    const changes = new Changes()
    const controller = new AbortController()
    let value = 0
    const seen: [number, number][] = []
    const watching = (async () => {
      for await (const _ of changes.watch(30, controller.signal)) {
        seen.push([value, performance.now()])
        if (value === 100) controller.abort()
      }
    })()
    await nextTurn()
    for (value = 1; value < 100; value++) {
      changes.notify()
      if (value % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    }
    changes.notify()
    await watching
    expect(seen[0]![0]).toBe(0)
    expect(seen.at(-1)![0]).toBe(100)
    expect(seen.length).toBeLessThan(10)
    for (let i = 1; i < seen.length; i++) expect(seen[i]![1] - seen[i - 1]![1]).toBeGreaterThan(25)
  })
})
