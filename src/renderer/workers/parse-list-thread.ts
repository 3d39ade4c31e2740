import {type DecodedFile, decodeText} from '../../shared/prompts/decode-text.ts'
import {parseList} from '../../shared/prompts/parse-list.ts'
import type {ParseAnswer, ParseQuestion} from './parse-list.ts'

// The entry of a worker. The source is kept, so that another way of reading it need not send it again.
let source: Promise<{file: DecodedFile; name: string}> | null = null

const say = (answer: ParseAnswer) => self.postMessage(answer)
/** Rows are sent in pieces: the page takes each of them in without a pause that is felt. */
const PIECE_CHARS = 400_000

self.onmessage = async ({data}: MessageEvent<ParseQuestion>) => {
  try {
    if (data.kind === 'open') {
      const {content, name} = data
      source =
        typeof content === 'string'
          ? Promise.resolve({file: {text: content, badLines: new Map()}, name})
          : content
              .arrayBuffer()
              .then((buffer) => ({file: decodeText(new Uint8Array(buffer)), name}))
      return
    }
    if (!source) return
    const {file, name} = await source
    const {rows, ...summary} = parseList(file, name, data.choices)
    const {id} = data
    let from = 0
    let charCount = 0
    for (const [i, row] of rows.entries()) {
      charCount += row.prompt.length
      if (charCount < PIECE_CHARS && i - from < 1000) continue
      say({kind: 'rows', id, rows: rows.slice(from, i + 1)})
      from = i + 1
      charCount = 0
    }
    say({kind: 'rows', id, rows: rows.slice(from)})
    say({kind: 'done', id, summary})
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    if (data.kind === 'parse') say({kind: 'failed', id: data.id, text})
  }
}
