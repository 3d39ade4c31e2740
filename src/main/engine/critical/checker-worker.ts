import {parentPort, workerData} from 'node:worker_threads'
import {type CheckerAnswer, type CheckerCall, WORK_STATE} from './checker-protocol.ts'
import {loadInterpreter, Sandbox} from './sandbox.ts'
import {ScriptError} from './script-error.ts'

const port = parentPort
if (!port) throw new Error('the checker worker runs as a worker thread')

const state = new Int32Array(workerData as SharedArrayBuffer)
const say = (answer: CheckerAnswer) => port.postMessage(answer)
let sandbox: Sandbox | null = null

port.on('message', (call: CheckerCall) => void perform(call))
await loadInterpreter()
say({kind: 'ready'})

async function perform(call: CheckerCall): Promise<void> {
  try {
    if (call.kind === 'open') {
      begin(0)
      sandbox = await Sandbox.create(call.source)
      end()
      say({kind: 'opened'})
      return
    }
    const areRight: boolean[] = []
    for (const [index, response] of call.responses.entries()) {
      begin(index)
      areRight.push(sandbox!.call(response, call.answer))
      end()
    }
    say({kind: 'judged', areRight})
  } catch (error) {
    end()
    // What is no error of a script is one of ours, and ends the thread.
    if (!(error instanceof ScriptError)) throw error
    const {kind, message} = error
    say({kind: 'failed', error: kind, message, index: Atomics.load(state, WORK_STATE.index)})
  }
}

function begin(index: number): void {
  Atomics.store(state, WORK_STATE.index, index)
  Atomics.add(state, WORK_STATE.turn, 1)
}

function end(): void {
  if (Atomics.load(state, WORK_STATE.turn) % 2 === 1) Atomics.add(state, WORK_STATE.turn, 1)
}
