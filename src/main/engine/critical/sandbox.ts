import {performance} from 'node:perf_hooks'
import type {QuickJSContext, QuickJSHandle, QuickJSWASMModule} from 'quickjs-emscripten-core'

const MEMORY_LIMIT_BYTES = 64 * 1024 * 1024
const STACK_LIMIT_BYTES = 128 * 1024
/** What one call may take. */
export const CALL_LIMIT_MS = 250

/** What a script did instead of giving an answer; `kind` says whether its time was over. */
export class ScriptError extends Error {
  constructor(
    readonly kind: 'threw' | 'out-of-time' | 'no-function',
    message: string
  ) {
    super(message)
    this.name = 'ScriptError'
  }
}

let modulePromise: Promise<QuickJSWASMModule> | null = null

/** Half a megabyte that most runs of the engine never need. */
async function loadInterpreter(): Promise<QuickJSWASMModule> {
  const [{newQuickJSWASMModuleFromVariant}, {default: variant}] = await Promise.all([
    import('quickjs-emscripten-core'),
    import('@jitl/quickjs-wasmfile-release-sync'),
  ])
  return newQuickJSWASMModuleFromVariant(variant)
}

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
 * to this process, its files or the network, and is bounded in time and memory. Regular expressions are
 * interrupted too. Close it when it is not needed any more.
 */
export class Sandbox {
  private isLate = deadline()

  private constructor(
    private readonly context: QuickJSContext,
    private readonly called: QuickJSHandle
  ) {}

  /** Throws a ScriptError for a source that cannot be read, or whose value is no function. */
  static async create(source: string): Promise<Sandbox> {
    modulePromise ??= loadInterpreter()
    const runtime = (await modulePromise).newRuntime()
    runtime.setMemoryLimit(MEMORY_LIMIT_BYTES)
    runtime.setMaxStackSize(STACK_LIMIT_BYTES)
    const context = runtime.newContext()
    let sandbox: Sandbox | null = null
    const reading = deadline()
    runtime.setInterruptHandler(() => (sandbox?.isLate ?? reading)())
    try {
      const value = unwrap(context, () => context.evalCode(source, 'checker.js'))
      if (context.typeof(value) !== 'function') {
        const kind = context.typeof(value)
        value.dispose()
        throw new ScriptError('no-function', `its value is of type ${kind}, not a function`)
      }
      sandbox = new Sandbox(context, value)
      return sandbox
    } catch (error) {
      close(context)
      throw error
    }
  }

  /** What the function gives for some texts, as true or false. Throws a ScriptError. */
  call(...texts: readonly string[]): boolean {
    const {context} = this
    this.isLate = deadline()
    const handles = texts.map((text) => context.newString(text))
    try {
      const value = unwrap(context, () =>
        context.callFunction(this.called, context.undefined, ...handles)
      )
      const isTrue = Boolean(context.dump(value))
      value.dispose()
      return isTrue
    } finally {
      for (const handle of handles) handle.dispose()
    }
  }

  close(): void {
    this.called.dispose()
    close(this.context)
  }
}

function close(context: QuickJSContext): void {
  const {runtime} = context
  context.dispose()
  runtime.dispose()
}

type Evaluated = ReturnType<QuickJSContext['evalCode']>

function unwrap(context: QuickJSContext, evaluate: () => Evaluated): QuickJSHandle {
  let result: Evaluated
  try {
    result = evaluate()
  } catch (error) {
    // WebAssembly's own stack may end before the interpreter's.
    throw new ScriptError('threw', error instanceof Error ? error.message : String(error))
  }
  if (!result.error) return result.value
  const thrown: unknown = context.dump(result.error)
  result.error.dispose()
  const {name, message} = (typeof thrown === 'object' && thrown ? thrown : {}) as {
    name?: unknown
    message?: unknown
  }
  if (name === 'InternalError' && message === 'interrupted') {
    throw new ScriptError('out-of-time', `it took more than ${CALL_LIMIT_MS} ms`)
  }
  throw new ScriptError(
    'threw',
    message === undefined ? String(thrown) : `${String(name)}: ${String(message)}`
  )
}
