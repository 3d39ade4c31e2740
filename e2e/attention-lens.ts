import type {Page} from '@playwright/test'
import type {EngineClient} from '../src/shared/engine-client/connect.ts'
import {connectTo} from './served-host.ts'
import type {Workbench} from './workbench.ts'

/** Captures, pictures and scores are computed first. */
export const COMPUTED = {timeout: 30_000}
export const PROMPT = 'Mira keeps coins. Tom keeps lamps. What keeps Mira? Mira keeps'

/** What the engine says beside the page. */
export async function askEngine<Value>(
  {page, host}: Workbench,
  ask: (client: EngineClient) => Promise<Value>
): Promise<Value> {
  const [cookie] = await page.context().cookies()
  const connection = connectTo(host.port, `${cookie!.name}=${cookie!.value}`)
  try {
    return await ask(connection.client)
  } finally {
    connection.close()
  }
}

/** Weights [query, key] of a head as the graph's own softmax gave them; the page's are recomputed. */
export function weightsOf(workbench: Workbench, layer: number, head: number) {
  return askEngine(workbench, async (client) => {
    const {tokens} = await client.text.tokenize({model: 'micro-base', prompt: PROMPT})
    const count = tokens.ids.length
    const {weights} = await client.attention.rows({
      ...{model: 'micro-base', ids: tokens.ids, capture: 'weights', layer, head},
      queries: [0, count],
    })
    return {weights, count}
  })
}

/** Keys are for the lens, not for the tabs. */
export const leaveControls = (page: Page) =>
  page.evaluate(() => (document.activeElement as HTMLElement).blur())

/** Runs a prompt and shows a view of the attention lens; the first where none is named. */
export async function openAttentionView(
  workbench: Workbench,
  view: string | null = null,
  prompt = PROMPT
): Promise<void> {
  const {page} = workbench
  await workbench.open()
  await workbench.setGeneration(0)
  await workbench.run(prompt)
  await page.getByRole('tab', {name: 'Attention'}).click()
  if (view !== null) await page.getByRole('radio', {name: view, exact: true}).first().click()
  await leaveControls(page)
}

/** Sets a stepper's field. */
export async function setStepper(page: Page, label: string, value: number): Promise<void> {
  const field = page.getByRole('textbox', {name: label, exact: true})
  await field.fill(String(value))
  await field.press('Enter')
}
