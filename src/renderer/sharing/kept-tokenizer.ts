import type {Workbench} from '../store/workbench.ts'

/** Where the engine finds a tokenizer.json that was picked or dropped; a browser tells no path, so it is handed over. */
export async function keptTokenizer(
  {host, client}: Pick<Workbench, 'host' | 'client'>,
  file: File
): Promise<string> {
  const known = host?.pathOf(file)
  if (known) return known
  const bytes = new Uint8Array(await file.arrayBuffer())
  const {path} = await client.tokenizers.keep({name: file.name, bytes})
  return path
}

/** How far into a file it is looked for what it says that it is. */
const HEAD_BYTES = 4096

/** Whether a file is a tokenizer by its name, or by what such a file begins with. */
export async function isTokenizerFile(file: Pick<File, 'name' | 'slice'>): Promise<boolean> {
  if (/^tokenizer\.json$/iu.test(file.name)) return true
  if (!/\.json$/iu.test(file.name)) return false
  const head = await file
    .slice(0, HEAD_BYTES)
    .text()
    .catch(() => '')
  return /"(?:added_tokens|pre_tokenizer|normalizer)"\s*:/u.test(head)
}
