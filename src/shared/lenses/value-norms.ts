import {z} from 'zod'
import type {Warning} from '../domain/problem.ts'

/**
 * What a value vector counts by in a value-weighted map: `projected` is ‖v · W_O‖ through the head's block of the
 * output projection (Kobayashi 2020); `basis-dependent` is ‖v‖ by itself, where that was not found: another basis
 * inside the head, which changes nothing that the model computes, would change the number.
 */
export const valueNormKindSchema = z.enum(['projected', 'basis-dependent'])
export type ValueNormKind = z.infer<typeof valueNormKindSchema>

/** Stands beside every such number. */
export const BASIS_DEPENDENT_NOTE =
  'basis-dependent: values count by ‖v‖, as the output projection was not found'

/** The same of the weights in a file or in tables. */
export const BASIS_DEPENDENT_WARNING: Warning = {
  code: 'basis-dependent',
  message:
    'Value-weighted weights are basis-dependent here: of a layer the output projection was not found, so that its values count by ‖v‖ instead of ‖v · W_O‖. The command inspect names the layers.',
}

/** Value norms of a model's layers in words, for an inspection. */
export function valueNormWords(
  layers: readonly {
    readonly layer: number
    readonly attention: {readonly valueNorms: ValueNormKind | null}
  }[]
): string {
  const of = (kind: ValueNormKind | null) =>
    layers.filter(({attention}) => attention.valueNorms === kind).map(({layer}) => layer)
  const [projected, dependent, none] = [of('projected'), of('basis-dependent'), of(null)]
  const where = (own: readonly number[]) =>
    own.length === layers.length ? 'in every layer' : `in ${layerWords(own)}`
  const parts = [
    ...(projected.length > 0 ? [`‖v · W_O‖ ${where(projected)}`] : []),
    ...(dependent.length > 0
      ? [`basis-dependent ‖v‖ ${where(dependent)}: the output projection was not found`]
      : []),
    ...(none.length > 0 ? [`not found ${where(none)}`] : []),
  ]
  return parts.length === 0 ? 'not found' : parts.join('; ')
}

/** `layer 3`, `layers 0 to 4`, `layers 0, 2, 5`. */
function layerWords(layers: readonly number[]): string {
  if (layers.length === 1) return `layer ${layers[0]}`
  const isRow = layers.every((layer, i) => layer === layers[0]! + i)
  return `layers ${isRow && layers.length > 2 ? `${layers[0]} to ${layers.at(-1)}` : layers.join(', ')}`
}
