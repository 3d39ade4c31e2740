import {expect, test} from 'vitest'
import {trialRequest} from '../../store/attention-trials.ts'
import {trialCommand, trialRows, whereChanged} from './trial-words.ts'

const token = (bytesHex: string, id = 1) => ({id, bytesHex, isSpecial: false})
const row = (id: number, rawProb: number) =>
  ({id, bytesHex: '61', text: 'a', prob: rawProb, logprob: 0, rawProb}) as never

test('both tables are one, by the larger of the two, and what is not listed is the others', () => {
  const before = {next: [row(1, 0.8), row(2, 0.1), row(3, 0.05)], restProb: 0.05}
  const after = {next: [row(2, 0.6), row(4, 0.3), row(1, 0.05)], restProb: 0.05}
  const {rows, othersBefore, othersAfter} = trialRows({before, after}, 3)
  expect(rows.map(({id, before, after}) => [id, before, after])).toEqual([
    [1, 0.8, 0.05],
    [2, 0.1, 0.6],
    [4, null, 0.3],
  ])
  expect(othersBefore).toBeCloseTo(0.1)
  expect(othersAfter).toBeCloseTo(0.05)
})

test('a trial is the command that does the same, with what was generated as ids', () => {
  const data = {
    request: {model: 'micro-base', prompt: 'Mira keeps'},
    tokens: [token('61', 0), token('61', 7), token('61', 9)],
    promptTokenCount: 2,
  } as never
  const place = {query: 2, key: 1}
  const cut = trialRequest(data, {kind: 'cut', head: {layer: 4, head: 3}, place}, 2)
  expect(trialCommand(cut, '/models/micro-base')).toContain("--cut-edges '4.3:2>1'")
  expect(trialCommand(cut, '/models/micro-base')).toContain('--completion-ids 9')
  const all = trialRequest(data, {kind: 'cut-all', layer: 4, place}, 2)
  expect(trialCommand(all, '/models/micro-base')).toContain("--cut-edges '4.*:2>1'")
  const off = trialRequest(data, {kind: 'head-off', head: {layer: 4, head: 3}, value: 'mean'}, 2)
  expect(trialCommand(off, '/models/micro-base')).toMatch(
    /--heads-off 4\.3[\s\\]+--head-value mean/
  )
  expect(whereChanged({kind: 'mask', token: 1}, [token('61'), token('206c616d70')])).toBe('1 ·lamp')
})
