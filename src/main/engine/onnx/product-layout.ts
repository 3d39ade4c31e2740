import type {GraphIndex} from './graph-index.ts'
import type {MatrixProduct} from './products.ts'
import type {StaticShapes} from './static-shapes.ts'
import type {OperandAxis, ScoreAxis} from './structure.ts'

/** What the axes of a product of queries and keys, or of weights and values, are. */
export interface ProductLayout {
  /** Axes of the left and right side as they enter the product. */
  readonly left: readonly OperandAxis[]
  readonly right: readonly OperandAxis[]
  readonly output: readonly ScoreAxis[]
}

const LEADING: Readonly<Record<number, readonly ('batch' | 'head' | 'group')[]>> = {
  0: [],
  2: ['batch', 'head'],
  3: ['batch', 'head', 'group'],
}

/**
 * The axes of a product of queries and keys: the left side [..., position, size], the right side
 * [..., size, position]; null where the number of axes is not known or is one that attention does not have.
 */
export function scoreLayoutOf(
  index: GraphIndex,
  shapes: StaticShapes,
  product: MatrixProduct
): ProductLayout | null {
  if (product.equation) return einsumLayoutOf(product.equation)
  const rank =
    shapes.rankOf(product.output) ??
    shapes.rankOf(product.left.tensor) ??
    shapes.rankOf(product.right.tensor) ??
    4
  const leading =
    rank === 3 ? [leadingOfThree(index, shapes, product.left.tensor)] : LEADING[rank - 2]
  if (!leading) return null
  const rightRank = shapes.rankOf(product.right.tensor) ?? rank
  return {
    left: [...leading, 'position', 'size'],
    // A side with fewer axes broadcasts: those it lacks have length 1.
    right: [...leading.slice(rank - rightRank), 'size', 'position'],
    output: [...leading, 'query', 'key'],
  }
}

/** `bqhd,bkhd->bhqk`: shared letters are batch and heads, one is summed over, one is each side's own. */
function einsumLayoutOf(equation: NonNullable<MatrixProduct['equation']>): ProductLayout | null {
  const {left, right, output} = equation
  const [query, key] = [...output].slice(-2)
  const leading = [...output].slice(0, -2)
  const names = LEADING[leading.length] ?? (leading.length === 1 ? (['batch'] as const) : null)
  if (!query || !key || !names || !left.includes(query) || !right.includes(key)) return null
  const nameOf = (letter: string): OperandAxis | null => {
    const at = leading.indexOf(letter)
    if (at >= 0) return names[at] ?? null
    if (letter === query || letter === key) return 'position'
    return left.includes(letter) && right.includes(letter) ? 'size' : null
  }
  const layoutOf = (letters: string) => [...letters].map(nameOf)
  const sides = [layoutOf(left), layoutOf(right)]
  const isClear = sides.every(
    (side) =>
      side.every((name) => name !== null) && side.filter((name) => name === 'size').length === 1
  )
  if (!isClear || left.includes(key) || right.includes(query)) return null
  return {
    left: sides[0] as OperandAxis[],
    right: sides[1] as OperandAxis[],
    output: [...names, 'query', 'key'],
  }
}

/**
 * The first of three axes: batch rows where each head has a product of its own, or batch rows × heads
 * where a Reshape on the way has put them into one axis.
 */
function leadingOfThree(
  index: GraphIndex,
  shapes: StaticShapes,
  query: string
): 'batch' | 'batch-heads' {
  return headCountOfMerged(index, shapes, query) === undefined ? 'batch' : 'batch-heads'
}

const KEEPS_HEADS = new Set(['Mul', 'Div', 'Cast', 'Identity', 'Transpose', 'Contiguous'])

/**
 * The number of heads in a tensor [batch × heads, position, size]: null where it is one but the number is
 * not known, undefined where nothing has put heads into that axis.
 */
export function headCountOfMerged(
  index: GraphIndex,
  shapes: StaticShapes,
  tensor: string
): number | null | undefined {
  let at = tensor
  for (let length = 0; length < 16; length++) {
    const node = index.producerOf(at)
    const source = node?.input[0]
    if (!node || !source) return undefined
    if (node.opType === 'Reshape') {
      const from = shapes.shapeOf(source)
      const size = shapes.lengthOf(tensor, -1)
      if (from?.length === 4) {
        const heads = from[1]
        return typeof heads === 'number' ? heads : null
      }
      const width = from?.at(-1)
      if (from?.length !== 3 || width === size) return undefined
      return typeof width === 'number' && size ? width / size : null
    }
    if (!KEEPS_HEADS.has(node.opType)) return undefined
    // Of a product with a scale the scale may come first.
    at = node.input.find((input) => (shapes.rankOf(input) ?? 3) >= 3) ?? source
  }
  return undefined
}
