import {cp, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {test as base, expect, type Page} from '@playwright/test'
import {connectTo, root, type ServedHost, startServed, stopServed} from './served-host.ts'

/** The page of a served host, and what a person does on it. */
export class Workbench {
  constructor(
    readonly page: Page,
    readonly host: ServedHost
  ) {}

  get prompt() {
    return this.page.getByTestId('prompt')
  }
  get text() {
    return this.page.getByTestId('token-text')
  }
  get nextTable() {
    return this.page.getByTestId('next-table').filter({visible: true})
  }
  get inspector() {
    return this.page.getByTestId('inspector')
  }
  get jobLine() {
    return this.page.getByTestId('job-line')
  }
  get historyRows() {
    return this.page.getByTestId('history-row')
  }

  /** A number of the inspector, as it is written. */
  fact(name: string) {
    return this.inspector.locator(`[data-fact="${name}"]`)
  }

  async open(): Promise<void> {
    await this.page.goto(this.host.url)
    await this.isIdle()
    await expect(this.text).toBeVisible()
  }

  async run(text: string): Promise<void> {
    await this.prompt.fill(text)
    await this.page.getByTestId('run').click()
    await this.isIdle()
  }

  async isIdle(): Promise<void> {
    await expect(this.jobLine).toContainText('Nothing is running', {timeout: 30_000})
  }

  /** Sets how many tokens follow the prompt. */
  async setGeneration(count: number): Promise<void> {
    await this.page.getByTestId('generation').click()
    await this.page.getByLabel('Tokens to generate').fill(String(count))
    await this.page.getByLabel('Tokens to generate').press('Enter')
    await this.page.keyboard.press('Escape')
  }

  /** Sets a slider's number field. */
  async setNumber(label: string, value: number): Promise<void> {
    const field = this.page.getByLabel(`${label}, number`)
    await field.fill(String(value))
    await field.press('Enter')
  }

  /** Opens a folder by the chooser and waits for what becomes of it. */
  async chooseFolder(path: string): Promise<void> {
    await this.page.getByTestId('open-folder').click()
    const field = this.page.getByTestId('folder-path')
    await expect(field).not.toHaveValue('')
    await field.fill(path)
    await field.press('Enter')
    await this.page.getByTestId('open-model').click()
  }

  /** Opens the page on a copy of micro-base that never stops by itself. */
  async openEndless(): Promise<void> {
    const folder = await endlessMicroBase(base.info().outputPath('endless'))
    await this.open()
    await this.chooseFolder(folder)
    await expect(this.page.getByTestId('facts')).toContainText('endless')
  }

  /** Probabilities of the next-token table, one a candidate, by id. */
  async candidates(): Promise<Map<number, number>> {
    const rows = await this.nextTable.locator('button[data-candidate]').evaluateAll((buttons) =>
      buttons.map((button) => {
        const {candidate, prob} = (button as HTMLElement).dataset
        return [Number(candidate), Number(prob)] as const
      })
    )
    return new Map(rows)
  }

  /** The engine's own status, asked beside the page. */
  async engineStatus() {
    const [cookie] = await this.page.context().cookies()
    const connection = connectTo(this.host.port, `${cookie!.name}=${cookie!.value}`)
    try {
      return await connection.client.engine.status()
    } finally {
      connection.close()
    }
  }
}

/** Tests that have a workbench of their own on a served host of their own. */
export const test = base.extend<{workbench: Workbench}>({
  workbench: async ({page}, use) => {
    const host = await startServed()
    await use(new Workbench(page, host))
    await stopServed(host)
  },
})

export const microBaseFolder = join(root, 'assets/models/micro-base')

/** micro-base without stop ids, so that a generation lasts as long as it is asked to. */
async function endlessMicroBase(folder: string): Promise<string> {
  await cp(microBaseFolder, folder, {recursive: true})
  const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'))
  delete config.eos_token_id
  await writeFile(join(folder, 'config.json'), JSON.stringify(config))
  await writeFile(join(folder, 'generation_config.json'), '{}')
  return folder
}

/** Has a page begin with two small vocabularies to compare, as a person had left them: large ones take seconds to be opened. */
export async function compareTwo(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const last = {comparedTokenizers: ['gpt2', 'llama2'], referenceTokenizer: null}
    localStorage.setItem('tokenscope.tokenizers', JSON.stringify(last))
  })
}
