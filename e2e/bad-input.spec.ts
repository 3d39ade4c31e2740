import {join} from 'node:path'
import {expect} from '@playwright/test'
import {type Breakage, writeBrokenModel} from '../fixtures/broken.ts'
import {buildTinyModel} from '../fixtures/tiny-models.ts'
import {root} from './served-host.ts'
import {test} from './workbench.ts'

test('a folder that holds no model says in the chooser what a model folder needs', async ({
  workbench,
}) => {
  const {page} = workbench
  await workbench.open()
  await page.getByTestId('open-folder').click()
  const path = page.getByTestId('folder-path')
  await expect(path).not.toHaveValue('')
  await path.fill(await writeBrokenModel('no-files', test.info().outputPath('no-files')))
  await path.press('Enter')
  await expect(page.getByTestId('folder-dialog')).toContainText('It needs config.json')
  await expect(page.getByTestId('open-model')).toBeDisabled()
  await path.fill(test.info().outputPath('nowhere'))
  await path.press('Enter')
  await expect(page.getByRole('alert')).toContainText('nowhere')
})

test('a missing or truncated file, a contradiction and another kind each say what was found', async ({
  workbench,
}) => {
  const {page} = workbench
  await workbench.open()
  const problem = page.getByTestId('problem')
  const open = async (folder: string) => {
    await workbench.chooseFolder(folder)
    await expect(problem).toBeVisible()
    await expect(problem).toContainText('What was found')
    await expect(problem).toContainText('What you can do')
    const words = await problem.innerText()
    await problem.getByRole('button', {name: 'Close'}).click()
    return words
  }
  const broken = (breakage: Breakage) =>
    writeBrokenModel(breakage, test.info().outputPath(breakage))
  expect(await open(await broken('truncated-onnx'))).toContain('model.onnx')
  expect(await open(await broken('no-tokenizer'))).toContain('tokenizer.json')
  expect(await open(await broken('wrong-head-count'))).toContain('num_key_value_heads')
  expect(await open(await broken('wrong-vocabulary'))).toContain('vocab_size')
  const encoder = await buildTinyModel('tiny-encoder', test.info().outputPath('encoder'))
  expect(await open(encoder)).toMatch(/encoder/i)
  await workbench.run('Mira keeps coins.')
  await expect(workbench.text).toBeVisible()
})

test('an empty prompt cannot be run; a long one says by how much and is cut where it is told', async ({
  workbench,
}) => {
  const {page} = workbench
  await workbench.open()
  await workbench.setGeneration(0)
  await workbench.prompt.fill('')
  await expect(page.getByTestId('run')).toBeDisabled()

  await workbench.chooseFolder(join(root, 'fixtures/tiny-decoder-kv'))
  await expect(page.getByTestId('facts')).toContainText('tiny-decoder-kv')
  await workbench.prompt.fill('x '.repeat(400))
  await expect(page.getByTestId('token-count')).toContainText('too many')
  await page.getByTestId('run').click()
  await expect(page.getByTestId('problem')).toHaveAttribute('data-code', 'prompt-too-long')
  await expect(page.getByTestId('problem')).toContainText('256')
  await page.getByTestId('truncate-left').click()
  await workbench.isIdle()
  await expect(workbench.jobLine).toContainText('256 tokens')
})

test('text nobody prepared is drawn: right-to-left, joined emoji, marks, NUL, a lone surrogate', async ({
  workbench,
}) => {
  await workbench.open()
  await workbench.setGeneration(1)
  await workbench.run('مرحبا 👩‍👩‍👧 e\u0301\u0302 <b>&amp;</b> </s> a\u0000b \ud83d fin\r\n\tx')
  await expect(workbench.text.locator('[data-position]').first()).toBeVisible()
  // What looks like a special token or markup is text.
  await expect(workbench.page.locator('b', {hasText: '&'})).toHaveCount(0)
})

test('two thousand tokens are drawn only where they are seen', async ({workbench}) => {
  await workbench.open()
  await workbench.setGeneration(0)
  await workbench.run('river amber copper '.repeat(650))
  await expect(workbench.jobLine).toContainText(/1,9\d\d tokens/)
  expect(await workbench.text.locator('[data-position]').count()).toBeLessThan(800)
  await workbench.page.keyboard.press('End')
  await expect(workbench.page.getByTestId('inspected')).toHaveText(/token 1,9\d\d/)
})
