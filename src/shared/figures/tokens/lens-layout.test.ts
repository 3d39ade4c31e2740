import {describe, expect, it} from 'vitest'
import type {LogitLensRow} from '../../lenses/logit-lens.ts'
import type {TokensResult} from '../../lenses/tokens.ts'
import {figureOptionsSchema} from '../request.ts'
import {textWidthPx} from '../text-width.ts'
import {lensCaptionOf} from './lens-caption.ts'
import {layoutLens} from './lens-layout.ts'
import {lensRowsOf, lensSeriesOf} from './lens-rows.ts'
import {sampleResult} from './sample-result.ts'
import {tokensCsv, tokensJson} from './tokens-data.ts'

const hexOf = (text: string) => Buffer.from(text).toString('hex')
const candidate = (id: number, text: string, prob: number) => ({
  ...{id, text, prob, bytesHex: hexOf(text), rawProb: prob},
  logprob: Math.log(prob),
})

/** Token 7 comes to be first in layer 1; token 9 follows in the text. */
const row = (probs: readonly [seven: number, eight: number], rank: number): LogitLensRow => ({
  next: [candidate(7, ' lamp', probs[0]), candidate(8, ' coin', probs[1])].sort(
    (a, b) => b.prob - a.prob
  ),
  restProb: 1 - probs[0] - probs[1],
  tracked: [
    {tokenId: 8, prob: probs[1], rank: 1},
    {tokenId: 7, prob: probs[0], rank},
  ],
  output: {tokenId: 7, prob: probs[0], rank},
  occurred: {tokenId: 9, prob: 0.001, rank: 99},
})
const PLAIN = sampleResult({
  tokens: [
    ['Where', 3],
    [' is', 1],
    [' it', 1],
  ],
  next: [[' here', 0.75]],
})
const RESULT: TokensResult = {
  ...PLAIN,
  logitLensInput: row([0.0001, 0.9], 300),
  logitLens: [row([0.1, 0.4], 1), row([0.5, 0.25], 0), row([0.75, 0.125], 0)].map((one, layer) => ({
    layer,
    ...one,
  })),
}

describe('the logit lens as a figure', () => {
  it('has a row a layer, input first, and ends in the output', () => {
    const layout = layoutLens(RESULT, {widthPx: 720})!
    expect(layout.rows.map(({name}) => name)).toEqual(['input', 'after L0', 'after L1', 'output'])
    expect(layout.rows.map(({isOutput}) => isOutput)).toEqual([false, false, false, true])
    expect(layout.rows.map(({probText, rankText}) => [probText, rankText])).toEqual([
      ['<0.001', '301'],
      ['0.10', '2'],
      ['0.50', '1'],
      ['0.75', '1'],
    ])
    expect(layout.rows.map(({restText}) => restText)).toEqual(['0.10', '0.50', '0.25', '0.13'])
    // Bars are lengths of probabilities: 0.75 is half as long again as 0.5.
    expect(layout.rows[3]!.barPx / layout.rows[2]!.barPx).toBeCloseTo(1.5, 9)
  })

  it('adds what does not fit to the others, and keeps within its width', () => {
    for (let widthPx = 320; widthPx <= 1600; widthPx += 40) {
      const layout = layoutLens(RESULT, {widthPx})!
      for (const {cells, restText} of layout.rows) {
        const last = cells.at(-1)!
        expect(last.xPx + last.chipWidthPx).toBeLessThan(layout.ends.rest)
        if (cells.length === 2) expect(['0.10', '0.50', '0.25', '0.13']).toContain(restText)
      }
      expect(layout.ends.prob).toBeLessThan(layout.ends.rank)
      for (const {xPx, widthPx: plotPx} of layout.charts!.plots) {
        expect(xPx + plotPx).toBeLessThanOrEqual(widthPx)
      }
    }
  })

  it('writes the probability beside every chip where there is room for it, and beside the first always', () => {
    const textsAt = (widthPx: number) =>
      layoutLens(RESULT, {widthPx})!
        .rows.at(-1)!
        .cells.map(({probText}) => probText)
    expect(textsAt(1200)).toEqual(['0.75', '0.13'])
    const narrow = Array.from({length: 60}, (_, i) => textsAt(320 + 10 * i))
    expect(narrow).toContainEqual(['0.75', null])
    expect(narrow.every(([first]) => first === '0.75')).toBe(true)
    for (let widthPx = 320; widthPx <= 1600; widthPx += 20) {
      for (const {cells} of layoutLens(RESULT, {widthPx})!.rows) {
        for (const {probText, chipWidthPx, widthPx: cellPx} of cells) {
          if (probText) expect(chipWidthPx + textWidthPx(probText, 11)).toBeLessThan(cellPx)
        }
      }
    }
  })

  it('follows the output’s choice, what occurred, and the chosen, each once', () => {
    const series = lensSeriesOf(RESULT)
    expect(series.map(({tokenId, role}) => [tokenId, role])).toEqual([
      [7, 'output'],
      [9, 'occurred'],
      [8, 'tracked'],
    ])
    expect(series[0]!.ranks).toEqual([300, 1, 0, 0])
    const {plots, keys} = layoutLens(RESULT, {widthPx: 900, selectedRow: 1})!.charts!
    expect(keys[0]!.valueText).toBe('0.10, rank 2')
    const [prob, rank] = plots
    // On both axes up is likelier: the first line climbs from input to output.
    for (const plot of [prob!, rank!]) {
      const heights = plot.lines[0]!.map(([, yPx]) => yPx)
      expect([...heights].sort((a, b) => b - a)).toEqual(heights)
      expect(plot.lines[0]!.map(([xPx]) => xPx)).toEqual(plot.lines[1]!.map(([xPx]) => xPx))
    }
    // p 0.1 lies one decade below 1, of as many as the axis has; rank 1 on its upper edge.
    const decades = prob!.yTicks.length - 1
    expect(prob!.lines[0]![1]![1]).toBeCloseTo(prob!.yPx + prob!.heightPx / decades, 6)
    expect(rank!.lines[0]![3]![1]).toBe(rank!.yPx)
  })

  it('says from which layer on the output’s choice stands first', () => {
    const text = (result: TokensResult) =>
      lensCaptionOf(result)
        .map((part) => part.text)
        .join('')
    expect(text(RESULT)).toContain(
      '·lamp, is first from after L1 on: 0.50 there, 0.75 in the output'
    )
    expect(text(RESULT)).toContain('its rank is 301')
    expect(text(PLAIN)).toBe('No logit lens in this result.')
  })

  it('goes into the data, and without a word of the prompt where that is left out', () => {
    const options = figureOptionsSchema.parse({})
    const csv = tokensCsv(RESULT, false, options).split('\r\n')
    const columns = csv[0]!.split(',')
    const at = (line: string, column: string) => line.split(',')[columns.indexOf(column)]
    const lens = csv.filter((line) => line.startsWith('lens,'))
    expect(lens).toHaveLength(lensRowsOf(RESULT).length * 2)
    expect(at(lens.at(-2)!, 'layer')).toBe('2')
    expect(at(lens.at(-2)!, 'prob')).toBe('0.75')
    expect(csv.filter((line) => line.startsWith('lens-rest,'))).toHaveLength(4)
    const hidden = JSON.stringify(tokensJson(RESULT, true))
    expect(hidden).toContain('"logitLens"')
    for (const word of ['tokenId', 'bytesHex', 'lamp', 'coin']) expect(hidden).not.toContain(word)
    const layout = layoutLens(RESULT, {widthPx: 720, noPrompt: true})!
    expect(JSON.stringify(layout)).not.toMatch(/lamp|coin/)
  })
})
