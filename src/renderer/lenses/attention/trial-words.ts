import {headName} from '../../../shared/figures/attention/map-name.ts'
import {namedRow} from '../../../shared/figures/attention/pruning-words.ts'
import {formatCount} from '../../../shared/figures/number-format.ts'
import {type GlyphSource, plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import {changedRows} from '../../../shared/lenses/changed-rows.ts'
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

/** The likeliest tokens of either table, and all others together. */
export function trialRows(tables: Pick<InterveneResult, 'before' | 'after'>, count: number) {
  const {rows, ...others} = changedRows(tables, count)
  return {rows: rows.map(namedRow), ...others}
}

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
