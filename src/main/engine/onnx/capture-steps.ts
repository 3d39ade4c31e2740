import type {CaptureGraph} from './capture-operands.ts'
import type {CaptureOperand, CaptureStep, CaptureTensor} from './capture-plan.ts'
import type {ScoreOperand, ScoreStep, ScoreTensor} from './structure.ts'

/** Makes the operands of score steps graph outputs, each tensor once however many layers use it. */
export class StepOutputs {
  private readonly outputs = new Map<string, string>()

  constructor(private readonly graph: CaptureGraph) {}

  step(step: ScoreStep): CaptureStep {
    switch (step.kind) {
      case 'tanh':
      case 'causal':
        return step
      case 'where':
        return {
          ...step,
          condition: this.tensor(step.condition, 'bool'),
          other: this.operand(step.other),
        }
      case 'key-count':
        return {...step, count: this.output(step.count, 'int64')}
      case 'key-mask':
        return {...step, mask: this.output(step.mask, 'int32')}
      default:
        return {...step, operand: this.operand(step.operand)}
    }
  }

  operand(operand: ScoreOperand): CaptureOperand {
    return operand.kind === 'constant' ? operand : this.tensor(operand, 'float32')
  }

  private tensor({tensor, axes}: ScoreTensor, dtype: string): CaptureTensor {
    return {kind: 'tensor', output: this.output(tensor, dtype), axes}
  }

  private output(tensor: string, dtype: string): string {
    const key = `${dtype} ${tensor}`
    const known = this.outputs.get(key)
    if (known) return known
    const {editor, operations, types} = this.graph
    const isReady = types.typeOf(tensor) === dtype
    const output = editor.addOutput(isReady ? tensor : operations.cast(tensor, dtype))
    this.outputs.set(key, output)
    return output
  }
}
