import {headName} from '../../../shared/figures/attention/map-name.ts'
import {formatCount} from '../../../shared/figures/number-format.ts'
import {type GlyphSource, plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import type {InterveneRequestInput, InterveneResult} from '../../../shared/lenses/intervene.ts'
import {commandLines, isArgument, shellOfPath, withInput} from '../../sharing/shell-text.ts'
import type {TrialChange} from '../../store/attention-trials.ts'

const WHAT: Readonly<Record<TrialChange['kind'], string>> = {
  mask: 'Mask token',
  delete: 'Delete token',
  cut: 'Cut edge',
  'cut-all': 'Cut in layer',
  'head-off': 'Head off',
}

/** What was changed, in words: `Cut edge`. */
export function whatChanged(change: TrialChange): string {
  if (change.kind === 'head-off' && change.value === 'mean') return 'Head to its mean'
  return WHAT[change.kind]
}

/** Where: `L4.H2, 21 → 13`, `13 ·Tom`. */
export function whereChanged(change: TrialChange, tokens: readonly GlyphSource[]): string {
  switch (change.kind) {
    case 'mask':
    case 'delete': {
      const token = tokens[change.token]
      return `${formatCount(change.token)} ${token ? plainGlyphs(token) : ''}`.trim()
    }
    case 'cut':
      return `${headName(change.head)}, ${change.place.query} → ${change.place.key}`
    case 'cut-all':
      return `L${change.layer}, ${change.place.query} → ${change.place.key}`
    case 'head-off':
      return headName(change.head)
  }
}

/** One row of the two tables together; a probability that neither lists is null. */
export interface TrialRow {
  readonly id: number
  readonly name: string
  readonly before: number | null
  readonly after: number | null
}

/** The likeliest tokens of either table, and all others together. */
export function trialRows(
  {before, after}: Pick<InterveneResult, 'before' | 'after'>,
  count: number
): {
  readonly rows: readonly TrialRow[]
  readonly othersBefore: number
  readonly othersAfter: number
} {
  const known = new Map<number, {bytesHex: string; before: number | null; after: number | null}>()
  for (const {id, bytesHex, rawProb} of before.next) {
    known.set(id, {bytesHex, before: rawProb, after: null})
  }
  for (const {id, bytesHex, rawProb} of after.next) {
    known.set(id, {bytesHex, before: known.get(id)?.before ?? null, after: rawProb})
  }
  const rows = [...known]
    .map(([id, entry]) => ({
      id,
      name: plainGlyphs({bytesHex: entry.bytesHex, isSpecial: true}) || `#${id}`,
      before: entry.before,
      after: entry.after,
    }))
    .sort((a, b) => most(b) - most(a) || a.id - b.id)
    .slice(0, count)
  const rest = (side: 'before' | 'after') =>
    Math.max(0, 1 - rows.reduce((sum, row) => sum + (row[side] ?? 0), 0))
  return {rows, othersBefore: rest('before'), othersAfter: rest('after')}
}
const most = ({before, after}: TrialRow) => Math.max(before ?? 0, after ?? 0)

/** The command that does the same, for the shell of the engine's machine. */
export function trialCommand(request: InterveneRequestInput, modelPath: string): string {
  const shell = shellOfPath(modelPath)
  const {model, file, prompt, maskKeys, deleteTokens, cutEdges, headsOff, headValue} = request
  const flags: string[][] = []
  if (maskKeys?.length) flags.push(['--mask-keys', maskKeys.join(',')])
  if (deleteTokens?.length) flags.push(['--delete-tokens', deleteTokens.join(',')])
  for (const {layer, head, query, key} of cutEdges ?? []) {
    flags.push(['--cut-edges', `${layer}.${head === 'all' ? '*' : head}:${query}>${key}`])
  }
  for (const {layer, head} of headsOff ?? []) flags.push(['--heads-off', `${layer}.${head}`])
  if (headValue && headValue !== 'zero') flags.push(['--head-value', headValue])
  if (request.position !== undefined) flags.push(['--position', String(request.position)])
  const isPlain = prompt !== undefined && prompt !== '' && isArgument(prompt, shell)
  if (!isPlain || request.messages) {
    const said = Object.fromEntries(
      Object.entries(request).filter(([, value]) => value !== undefined)
    )
    const command = commandLines(
      [
        ['tokenscope', 'intervene'],
        ['--config', '-'],
      ],
      shell
    )
    return withInput(command, {command: 'intervene', ...said}, shell)
  }
  const named: string[][] = [['--model', model]]
  if (file !== undefined) named.push(['--file', file])
  named.push(['--prompt', prompt])
  if (request.chat) named.push(['--chat'])
  if (request.noSpecialTokens) named.push(['--no-special-tokens'])
  if (request.parseSpecial) named.push(['--parse-special'])
  const {completionIds = []} = request
  if (completionIds.length > 0) named.push(['--completion-ids', completionIds.join(',')])
  return commandLines([['tokenscope', 'intervene'], ...named, ...flags], shell)
}
