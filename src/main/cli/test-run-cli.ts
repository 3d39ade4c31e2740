import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll} from 'vitest'
import {runCli} from './run-cli.ts'
import {testEngine, testTerminal} from './test-engine-client.ts'

/** A folder for what one test file writes, removed after its tests. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tokenscope-cli-'))
  afterAll(() => rmSync(folder, {recursive: true}))
  return folder
}

/** Writes a file into a folder, and gives its path. */
export function fileIn(folder: string, name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

/** Runs a command with an engine that answers by itself, and gives what was written and what it heard. */
export async function cli(...commandArguments: string[]) {
  const {connect, heard} = testEngine()
  const {terminal, written} = testTerminal()
  const exitCode = await runCli(commandArguments, connect, terminal)
  return {exitCode, ...written, ...heard}
}
