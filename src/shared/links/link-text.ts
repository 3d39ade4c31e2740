import {deflateSync, Inflate} from 'fflate'
import type {z} from 'zod'
import {fingerprint} from './fingerprint.ts'
import {type LinkData, type LinkDataInput, linkDataSchema} from './link-data.ts'
import {megabytes, refuse, refuseDamaged, refuseText} from './link-problems.ts'

/**
 * A link is `v1.<data>.<fingerprint>`: JSON, deflated, in base64url, with a fingerprint of the data
 * before it. In an address it stands after `#`, which a browser never sends to the host.
 */
const VERSION = 1
/** Longer addresses are cut by browsers (2 MB) and by whatever passes a link on. */
export const MAX_LINK_CHARACTERS = 1_500_000
/** Bytes of JSON that a link may hold: a small link can claim to be a thousand times as long. */
const MAX_JSON_BYTES = 32 * 2 ** 20
/** Input is unpacked in pieces, so that what is too long is noticed after one of them. */
const PIECE_BYTES = 4096
const DESKTOP_PREFIX = 'tokenscope://open'

// Both sides know it, so that a link spends no characters on names. It belongs to version 1.
const DICTIONARY = new TextEncoder().encode(
  '"pins":[{"kind":"pair","from":"to":"kind":"token","position":"drawnSpans":[{"byteStart":,"byteEnd":' +
    '"role":"system","content":"role":"assistant","content":"role":"user","content":"messages":"chat":true' +
    '"noSpecialTokens":true,"parseSpecial":true,"truncate":"left","completionIds":["max-logprob","top-p-mass","p-end"' +
    '"kind":"regex","source":"flags":"kind":"spans","spans":"word","sentence","line","paragraph","turn","byte"' +
    '{"model":{"id":"micro-base","sha256":"place":"file":"onnx/model.onnx"},"promptText":"","turns":[],"isChat":false,' +
    '"parameters":{"temperature":1,"topP":1,"topK":10,"generateCount":5,"isSampled":false,"seed":0,' +
    '"tracks":["surprisal","entropy","rank"],"stripTrack":"surprisal"},"tracked":[{"model":"ids":[' +
    '"runs":[{"model":{"id":"micro-base","request":{"command":"tokens","prompt":"topK":10,"temperature":1,"topP":1,' +
    '"position":"last","generate":5,"sample":false,"track":[],"seed":0},"label":"","lock":null,"pins":[],"drawnSpans":[]}],' +
    '"panes":[{"lensId":"tokens","run":0,"view":null}],"activePane":0,"unit":{"kind":"token"}}'
)

export type LinkForm = {readonly kind: 'desktop'} | {readonly kind: 'served'; origin: string}

/** The link's text. Throws a Problem where it would be too long. */
export function formatLink(data: LinkDataInput, form: LinkForm): string {
  const json = new TextEncoder().encode(JSON.stringify(data))
  const body = toBase64Url(deflateSync(json, {level: 9, dictionary: DICTIONARY}))
  const prefix = form.kind === 'desktop' ? DESKTOP_PREFIX : `${form.origin}/`
  const text = `${prefix}#v${VERSION}.${body}.${fingerprint(body)}`
  if (text.length > MAX_LINK_CHARACTERS || json.length > MAX_JSON_BYTES) {
    refuse({
      code: 'link-too-long',
      message: 'This view is too long for a link.',
      found: `a link of ${megabytes(text.length)}`,
      expected: `at most ${megabytes(MAX_LINK_CHARACTERS)}`,
      advice: 'Export the figure or its data instead, and pass on the prompt as a file.',
    })
  }
  return text
}

/**
 * What a link says: an address with it, `tokenscope://open#…`, or the part from `#` or `v1.` on. White
 * space, as mail programs put into long lines, does not matter. Throws a Problem for anything else.
 */
export function parseLink(text: string): LinkData {
  if (text.length > 2 * MAX_LINK_CHARACTERS) refuseLong(text.length)
  const whole = text.replace(/\s+/gu, '')
  const [, version, rest] =
    /^(?:(?:https?:\/\/[^/#]+\/[^#]*|tokenscope:\/\/open\/?)?#)?v(\d+)\.(.*)$/isu.exec(whole) ?? []
  if (version === undefined || rest === undefined) refuseText(whole)
  if (Number(version) !== VERSION) {
    refuse({
      code: 'link-later-version',
      message: 'The link was made by another version of Tokenscope.',
      found: `a link of version ${Number(version)}`,
      expected: `version ${VERSION}`,
      advice: 'Open it with the version that made it, or a later one.',
    })
  }
  if (whole.length > MAX_LINK_CHARACTERS) refuseLong(whole.length)
  const [, body, mark] = /^([\w-]+)\.([\da-z]{1,7})$/u.exec(rest) ?? []
  if (body === undefined) refuseDamaged(`${rest.length} characters without the mark of the end`)
  if (fingerprint(body) !== mark) refuseDamaged('characters that do not fit the mark of the end')
  return readData(unpack(body))
}

function refuseLong(characterCount: number): never {
  refuse({
    code: 'link-too-long',
    message: 'The link is too long to be read.',
    found: megabytes(characterCount),
    expected: `at most ${megabytes(MAX_LINK_CHARACTERS)}`,
  })
}

/** The JSON inside. The fingerprint is no protection: whoever wants to make one fits. */
function unpack(body: string): unknown {
  const packed = fromBase64Url(body)
  const pieces: Uint8Array[] = []
  let byteCount = 0
  try {
    const inflate = new Inflate({dictionary: DICTIONARY}, (piece) => {
      byteCount += piece.length
      if (byteCount <= MAX_JSON_BYTES) pieces.push(piece)
    })
    for (let from = 0; from < packed.length; from += PIECE_BYTES) {
      const to = from + PIECE_BYTES
      inflate.push(packed.subarray(from, to), to >= packed.length)
      if (byteCount > MAX_JSON_BYTES) break
    }
  } catch {
    refuseDamaged('data that cannot be unpacked')
  }
  if (byteCount > MAX_JSON_BYTES) {
    refuse({
      code: 'link-too-large-inside',
      message: 'The link unpacks to more than any view needs.',
      found: `more than ${megabytes(MAX_JSON_BYTES)}`,
      expected: `at most ${megabytes(MAX_JSON_BYTES)}`,
      advice: 'Do not trust where it came from; “Copy link” makes none like it.',
    })
  }
  const json = new Uint8Array(byteCount)
  let at = 0
  for (const piece of pieces) {
    json.set(piece, at)
    at += piece.length
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', {fatal: true}).decode(json))
  } catch {
    refuseDamaged('data that is no JSON')
  }
}

function readData(value: unknown): LinkData {
  const parsed = linkDataSchema.safeParse(value)
  if (!parsed.success) refuseIssue(parsed.error.issues[0]!)
  const {panes, runs, activePane} = parsed.data
  const isWhole =
    panes.every(({run}) => run === null || runs[run] !== undefined) && panes[activePane]
  if (!isWhole) {
    refuse({
      code: 'link-not-readable',
      message: 'The link says something that no view has.',
      field: 'panes',
      found: 'a pane or a run that the link does not have',
      expected: 'panes that show runs of the link',
    })
  }
  return parsed.data
}

function refuseIssue({path, message}: z.core.$ZodIssue): never {
  refuse({
    code: 'link-not-readable',
    message: 'The link says something that no view has.',
    field: path.map(String).join('.').slice(0, 100) || 'the whole',
    found: message.slice(0, 200),
    expected: 'what “Copy link” of this version writes',
  })
}

const CHUNK = 0x8000

function toBase64Url(bytes: Uint8Array): string {
  let binary = ''
  for (let from = 0; from < bytes.length; from += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(from, from + CHUNK))
  }
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/u, '')
}

function fromBase64Url(text: string): Uint8Array {
  try {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
    return Uint8Array.from(binary, (character) => character.charCodeAt(0))
  } catch {
    refuseDamaged('characters that are no base64url')
  }
}
