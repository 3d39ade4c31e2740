import {buildFamilyModel} from '../../../../fixtures/families/family-model.ts'
import {feedsOf} from '../../../../fixtures/families/feeds.ts'
import {runReference} from '../../../../fixtures/families/reference.ts'
import type {ReferenceRun} from '../../../../fixtures/families/reference-run.ts'
import type {FamilyCell} from '../../../../fixtures/families/traits.ts'
import type {CaptureDtype} from '../captures/attention-capture.ts'
import {
  planAll,
  type ReadModel,
  readStructure,
  runPlan,
  type TestCapture,
  withModel,
} from '../captures/test-capture.ts'
import type {CapturePlan, CaptureRequest} from './capture-plan.ts'

/** Eight tokens of the families' vocabulary, which the cells below are run over. */
export const TOKEN_IDS = [5, 17, 3, 88, 42, 7, 61, 29]
export const COUNT = TOKEN_IDS.length

export interface Run {
  readonly read: ReadModel
  readonly plan: CapturePlan
  readonly captures: readonly TestCapture[]
  readonly reference: ReferenceRun
}

export async function runCell(
  cell: FamilyCell,
  request: Partial<CaptureRequest>,
  {
    cuts = [[COUNT]],
    mask,
    dtype = 'float32',
    forget,
  }: {
    cuts?: readonly (readonly number[])[]
    mask?: readonly number[]
    dtype?: CaptureDtype
    /** What the finders are to have found nothing of. */
    forget?: 'outputProjection'
  } = {}
): Promise<Run> {
  const {bytes, facts} = buildFamilyModel(cell)
  return withModel(bytes, async (path) => {
    const read = forgetful(await readStructure(path), forget)
    const plan = planAll(read, request)
    const captures = await runPlan(
      plan,
      (start, end, before) =>
        feedsOf(facts, {
          tokenIds: TOKEN_IDS.slice(start, end),
          pastCount: start,
          ...(mask && {attentionMask: mask.slice(0, end)}),
          ...(before && {
            kvCache: Object.fromEntries(
              facts.kvCache.map(({output, dtype}) => {
                const {data, dims} = before[output]!
                return [output, {type: dtype, data: data as Float32Array, dimensions: dims}]
              })
            ),
          }),
        }),
      cuts,
      dtype
    )
    const reference = runReference(cell, {
      tokenIds: TOKEN_IDS,
      ...(mask && {attentionMask: mask}),
    })
    return {read, plan, captures, reference}
  })
}

function forgetful(read: ReadModel, forget: 'outputProjection' | undefined): ReadModel {
  if (!forget) return read
  const layers = read.structure.layers.map((layer) => ({
    ...layer,
    sites: layer.sites.map((site) => ({...site, [forget]: null})),
  }))
  return {...read, structure: {...read.structure, layers}}
}

export function cellOf(text: string): FamilyCell {
  const [family, style, dtype, cache] = text.split(' ')
  return {family, style, dtype, cache} as FamilyCell
}
