import {availableParallelism, cpus} from 'node:os'
import {type Ratio, tableOf} from './measure.ts'
import {benchPage} from './page.ts'
import {benchRuns} from './runs.ts'

const BENCHES: Readonly<Record<string, () => Promise<Ratio[]>>> = {
  runs: benchRuns,
  page: benchPage,
}

/** Runs the named benches, or all, and prints one table. */
export async function main(names: readonly string[]): Promise<void> {
  const chosen = names.length > 0 ? names : Object.keys(BENCHES)
  const ratios: Ratio[] = []
  for (const name of chosen) {
    const bench = BENCHES[name]
    if (!bench) throw new Error(`no bench ${name}; there are ${Object.keys(BENCHES).join(', ')}`)
    console.error(`bench ${name} …`)
    ratios.push(...(await bench()))
  }
  console.log(`${cpus()[0]?.model}, ${availableParallelism()} threads, Node ${process.version}\n`)
  console.log(tableOf(ratios))
}
