import {elementTypeNumber, type OnnxValueInfo} from './schema.ts'

/** A name is a length that is not known before a run, null one that has no name. */
export type Dimension = number | string | null

/** A tensor's name with its type; null dimensions leave the rank open. */
export function valueInfo(
  name: string,
  dtype: string,
  dims: readonly Dimension[] | null
): OnnxValueInfo {
  const elemType = elementTypeNumber(dtype)
  if (dims === null) return {name, type: {tensorType: {elemType}}}
  const dim = dims.map((length) => {
    if (length === null) return {}
    return typeof length === 'number' ? {dimValue: length} : {dimParam: length}
  })
  return {name, type: {tensorType: {elemType, shape: {dim}}}}
}
