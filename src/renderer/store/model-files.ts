import type {ModelListing} from '../../shared/domain/model.ts'

/** One of a folder's model files, to be chosen by its storage type. */
export interface ModelFileChoice {
  /** Relative to the folder. */
  readonly file: string
  /** `float32`, `int8`; the file's own name where two have the same type. */
  readonly name: string
  readonly isDefault: boolean
}

const stemOf = (file: string) => file.slice(file.lastIndexOf('/') + 1).replace(/\.onnx$/iu, '')

/** The files that hold the same model as the default one, that first; other parts are no model to run. */
export function modelFilesOf({files, dtypes}: ModelListing): ModelFileChoice[] {
  const stem = stemOf(files[0] ?? '')
  const same = files
    .map((file, i) => ({file, dtype: dtypes[i] ?? stemOf(file), isDefault: i === 0}))
    .filter(({file}) => stemOf(file) === stem || stemOf(file).startsWith(`${stem}_`))
  return same.map(({file, dtype, isDefault}) => ({
    file,
    isDefault,
    name: same.filter((other) => other.dtype === dtype).length > 1 ? stemOf(file) : dtype,
  }))
}

/** `micro-base`, or `micro-base int8` for a file that is not its default. */
export function nameWithFile(listing: ModelListing, file: string | null | undefined): string {
  const choice = modelFilesOf(listing).find((other) => other.file === file)
  if (!file || choice?.isDefault) return listing.id
  return `${listing.id} ${choice?.name ?? stemOf(file)}`
}
