import type {MatrixProduct} from './products.ts'

/** The product with its sides exchanged: whatever stood on the right is on the left. */
export function mirrored(product: MatrixProduct): MatrixProduct {
  const {left, right, equation} = product
  return {
    ...product,
    left: right,
    right: left,
    equation: equation && {left: equation.right, right: equation.left, output: equation.output},
  }
}

/** Letters of the weights' axes in an Einsum of weights and values, by what they are. */
interface WeightLetters {
  readonly leading: readonly string[]
  readonly query: string
  /** Summed over with the values. */
  readonly key: string
}

/** What the letters of the weights, which stand on the left, are; null where they are not those of attention. */
export function weightLettersOf({
  left,
  right,
  output,
}: NonNullable<MatrixProduct['equation']>): WeightLetters | null {
  const letters = [...left]
  const keys = letters.filter((letter) => right.includes(letter) && !output.includes(letter))
  // Of values that heads share the head is a letter of the weights alone as well, and stands before the query.
  const query = letters
    .filter((letter) => !right.includes(letter) && output.includes(letter))
    .at(-1)
  const [key] = keys
  if (keys.length !== 1 || key === undefined || query === undefined) return null
  const leading = letters.filter((letter) => letter !== query && letter !== key)
  return leading.every((letter) => output.includes(letter)) ? {leading, query, key} : null
}

/**
 * The axis of the keys in the weights, which stand on the left of the product with the values, from the end;
 * null where it cannot be told.
 */
export function keyAxisOf({left, equation}: MatrixProduct): number | null {
  if (!equation) return left.isTransposed ? -2 : -1
  const letters = weightLettersOf(equation)
  return letters && equation.left.indexOf(letters.key) - equation.left.length
}

/**
 * The order in which the axes of the weights of an Einsum are batch, heads, query, key; null where they are
 * in this order already.
 */
export function weightsOrderOf({equation}: MatrixProduct): readonly number[] | null {
  const letters = equation && weightLettersOf(equation)
  if (!equation || !letters) return null
  const order = [...letters.leading, letters.query, letters.key].map((letter) =>
    equation.left.indexOf(letter)
  )
  return order.every((axis, at) => axis === at) ? null : order
}
