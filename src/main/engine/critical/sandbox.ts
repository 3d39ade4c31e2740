import {performance} from 'node:perf_hooks'
import type {QuickJSContext, QuickJSHandle, QuickJSWASMModule} from 'quickjs-emscripten-core'
import {CALL_LIMIT_MS, ScriptError, tookTooLong} from './script-error.ts'

/** Of one interpreter; a script that asks for more fails. */
export const MEMORY_LIMIT_BYTES = 64 * 1024 * 1024
const STACK_LIMIT_BYTES = 128 * 1024
const SHOWN_CHARACTERS = 200

let modulePromise: Promise<QuickJSWASMModule> | null = null

/** Half a megabyte that most runs of the engine never need. */
export function loadInterpreter(): Promise<QuickJSWASMModule> {
  modulePromise ??= Promise.all([
    import('quickjs-emscripten-core'),
    import('@jitl/quickjs-wasmfile-release-sync'),
  ]).then(([{newQuickJSWASMModuleFromVariant}, {default: variant}]) =>
    newQuickJSWASMModuleFromVariant(variant)
  )
  return modulePromise
}

/** Says in words what a value or an error is; nothing that a script does to its own globals changes it. */
const PRELUDE = `(() => {
  const {isArray} = Array
  const {prototype: promises} = Promise
  const isPrototypeOf = Object.prototype.isPrototypeOf.call.bind(Object.prototype.isPrototypeOf)
  const slice = String.prototype.slice.call.bind(String.prototype.slice)
  const text = String
  const json = JSON.stringify
  const printed = (value) => {
    try {
      return text(value)
    } catch {
      return 'something that cannot be printed'
    }
  }
  const shown = (value) => slice(value, 0, ${SHOWN_CHARACTERS})
  return {
    kindOf(value) {
      if (value === null) return 'null'
      if (isArray(value)) return 'an array'
      switch (typeof value) {
        case 'undefined': return 'undefined'
        case 'object': return isPrototypeOf(promises, value) ? 'a promise' : 'an object'
        case 'string': return shown('a string, ' + json(value))
        case 'number': case 'bigint': return shown('a ' + typeof value + ', ' + printed(value))
        default: return 'a ' + typeof value
      }
    },
    errorText(error) {
      if (typeof error !== 'object' || error === null) return shown(printed(error))
      let name = ''
      let message
      try {
        name = typeof error.name === 'string' ? error.name : ''
        message = error.message
      } catch {
        return 'an error that cannot be printed'
      }
      const said = typeof message === 'string' ? message : ''
      if (name && said) return shown(name + ': ' + said)
      return shown(said || name || 'an object without a message')
    },
  }
})()`

/** Tells when the limit has passed, by the clock and by this process's own work: one that waits for its turn is not late. */
function deadline(): () => boolean {
  const endMs = performance.now() + CALL_LIMIT_MS
  const start = process.cpuUsage()
  return () => {
    if (performance.now() <= endMs) return false
    const {user, system} = process.cpuUsage(start)
    return (user + system) / 1000 > CALL_LIMIT_MS
  }
}

/**
 * A person's JavaScript function in an interpreter of its own (QuickJS, compiled to WebAssembly): it has no access
 * to this process, its files or the network, and is bounded in memory. Its own code and its regular expressions are
 * interrupted at the time limit; built-in functions such as `indexOf` are not, so it runs in a thread that can
 * be ended. After an error it is not used again.
 */
export class Sandbox {
  private isLate = deadline()
  private wasInterrupted = false

  private constructor(
    private readonly context: QuickJSContext,
    private readonly kindOf: QuickJSHandle,
    private readonly errorText: QuickJSHandle
  ) {
    context.runtime.setInterruptHandler(() => {
      this.wasInterrupted ||= this.isLate()
      return this.wasInterrupted
    })
  }

  private called: QuickJSHandle | null = null

  /** Throws a ScriptError for a source that cannot be read, or whose value is no function. */
  static async create(source: string): Promise<Sandbox> {
    const runtime = (await loadInterpreter()).newRuntime()
    runtime.setMemoryLimit(MEMORY_LIMIT_BYTES)
    runtime.setMaxStackSize(STACK_LIMIT_BYTES)
    const context = runtime.newContext()
    const prelude = context.unwrapResult(context.evalCode(PRELUDE, 'prelude.js'))
    const sandbox = new Sandbox(
      context,
      context.getProp(prelude, 'kindOf'),
      context.getProp(prelude, 'errorText')
    )
    sandbox.isLate = deadline()
    const value = sandbox.unwrap(() => context.evalCode(source, 'checker.js'))
    if (context.typeof(value) !== 'function') {
      throw new ScriptError('no-function', `its value is ${sandbox.kindText(value)}`)
    }
    sandbox.called = value
    return sandbox
  }

  /** What the function gives for some texts. Throws a ScriptError, also where that is neither true nor false. */
  call(...texts: readonly string[]): boolean {
    const {context} = this
    this.isLate = deadline()
    const handles = texts.map((text) => context.newString(text))
    const value = this.unwrap(() =>
      context.callFunction(this.called!, context.undefined, ...handles)
    )
    for (const handle of handles) handle.dispose()
    if (context.typeof(value) !== 'boolean') {
      throw new ScriptError('not-boolean', `it gave ${this.kindText(value)}`)
    }
    const isTrue = context.eq(value, context.true)
    value.dispose()
    return isTrue
  }

  private kindText(value: QuickJSHandle): string {
    return this.textOf(this.kindOf, value) ?? 'something that cannot be printed'
  }

  /** What a function of the prelude says of a value; null where even that does not come to an end. */
  private textOf(of: QuickJSHandle, value: QuickJSHandle): string | null {
    const {context} = this
    try {
      const result = context.callFunction(of, context.undefined, value)
      return result.error ? null : context.getString(result.value)
    } catch {
      return null
    }
  }

  private unwrap(evaluate: () => Evaluated): QuickJSHandle {
    let result: Evaluated
    try {
      result = evaluate()
    } catch (error) {
      // WebAssembly's own stack may end before the interpreter's.
      throw new ScriptError('threw', error instanceof Error ? error.message : String(error))
    }
    if (!result.error) return result.value
    if (this.wasInterrupted) throw tookTooLong()
    const text = this.textOf(this.errorText, result.error)
    if (text === null && this.wasInterrupted) throw tookTooLong()
    throw new ScriptError('threw', text ?? 'an error that cannot be printed')
  }
}

type Evaluated = ReturnType<QuickJSContext['evalCode']>
