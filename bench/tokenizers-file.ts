import {mkdtemp, open, readFile, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {openLocalEngine} from '../src/main/local-engine.ts'
import type {Ratio} from './measure.ts'
import {mixedText} from './mixed-text.ts'

const [SMALL_MB, LARGE_MB] = [5, 50]
/** Of what a text of a tenth takes. */
const ROOM = 1.2

/** A file of so many megabytes, written a megabyte at a time. */
async function writeMixed(path: string, megabytes: number): Promise<void> {
  const file = await open(path, 'w')
  for (let i = 0; i < megabytes; i++) await file.write(mixedText(1e6, i + 1))
  await file.close()
}

interface Streamed {
  /** Most memory that the engine held. */
  readonly megabytes: number
  readonly seconds: number
  readonly progressCount: number
}

async function stream(path: string): Promise<Streamed> {
  const engine = openLocalEngine({stateFolder: null})
  try {
    const request = {tokenizers: ['gpt2'], textFile: path, maxTokens: 1000}
    const started = performance.now()
    let progressCount = 0
    let share = 0
    for await (const event of await engine.client.tokenizers.compare(request)) {
      if (event.kind === 'progress' && event.phase === 'tokenizing') {
        if (event.done / event.total < share) throw new Error('progress went back')
        share = event.done / event.total
        progressCount++
      }
    }
    if (share !== 1) throw new Error(`it ended at ${share}`)
    const seconds = (performance.now() - started) / 1000
    const {processId} = await engine.client.engine.status()
    const status = await readFile(`/proc/${processId}/status`, 'utf8')
    const megabytes = Number(/VmHWM:\s+(\d+)/.exec(status)![1]) / 1000
    return {megabytes, seconds, progressCount}
  } finally {
    await engine.close()
  }
}

/** A file of 50 MB through the engine, as the command and the page have it, beside one of a tenth. */
export async function benchTokenizersFile(): Promise<Ratio[]> {
  const folder = await mkdtemp(join(tmpdir(), 'tokenscope-bench-'))
  const [small, large] = [join(folder, 'small.txt'), join(folder, 'large.txt')]
  try {
    await writeMixed(small, SMALL_MB)
    await writeMixed(large, LARGE_MB)
    const bare = await stream(small)
    const ours = await stream(large)
    return [
      {
        ...{bench: 'tokenizers file', unit: 'MB', ours: ours.megabytes, bare: bare.megabytes},
        ratio: ours.megabytes / bare.megabytes,
        what: `most memory of the engine while gpt2 cuts ${LARGE_MB} MB, ${ours.progressCount} steps of progress; bare: ${SMALL_MB} MB`,
        goal: `at most ${ROOM} × bare`,
        isMet: ours.megabytes <= ROOM * bare.megabytes,
      },
      {
        ...{bench: 'tokenizers file', unit: 'MB/s', ours: LARGE_MB / ours.seconds},
        ...{bare: SMALL_MB / bare.seconds, goal: null, isMet: null},
        ratio: LARGE_MB / ours.seconds / (SMALL_MB / bare.seconds),
        what: `speed of the same, loading included`,
      },
    ]
  } finally {
    await rm(folder, {recursive: true, force: true})
  }
}
