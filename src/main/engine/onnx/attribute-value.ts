import {ATTRIBUTE_TYPE, type OnnxAttribute, type OnnxGraph, type OnnxTensor} from './schema.ts'

/** A number is an integer attribute; `{float}` and `{floats}` are floating-point ones. */
export type AttributeValue =
  | number
  | string
  | readonly number[]
  | {readonly float: number}
  | {readonly floats: readonly number[]}
  | {readonly tensor: OnnxTensor}
  | {readonly graph: OnnxGraph}

/** An attribute of a node. Throws a RangeError on a number that is no exact integer and is not `{float}`. */
export function newAttribute(name: string, value: AttributeValue): OnnxAttribute {
  if (typeof value === 'number') {
    requireIntegers(name, [value])
    return {name, type: ATTRIBUTE_TYPE.int, i: value}
  }
  if (typeof value === 'string') {
    return {name, type: ATTRIBUTE_TYPE.string, s: new TextEncoder().encode(value)}
  }
  if ('float' in value) return {name, type: ATTRIBUTE_TYPE.float, f: value.float}
  if ('floats' in value) return {name, type: ATTRIBUTE_TYPE.floats, floats: [...value.floats]}
  if ('tensor' in value) return {name, type: ATTRIBUTE_TYPE.tensor, t: value.tensor}
  if ('graph' in value) return {name, type: ATTRIBUTE_TYPE.graph, g: value.graph}
  requireIntegers(name, value)
  return {name, type: ATTRIBUTE_TYPE.ints, ints: [...value]}
}

function requireIntegers(name: string, values: readonly number[]): void {
  for (const value of values) {
    if (!Number.isSafeInteger(value)) throw new RangeError(`${name}: ${value} is no exact integer`)
  }
}
