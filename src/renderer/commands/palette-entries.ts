import {formatCount} from '../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../shared/figures/token-glyphs.ts'
import {SAMPLES} from '../../shared/samples/samples.ts'
import type {Target} from '../lenses/target.ts'
import {modelFilesOf, nameWithFile} from '../store/model-files.ts'
import {selectActiveRunId} from '../store/panes.ts'
import {selectRuns} from '../store/run-records.ts'
import {selectInspected} from '../store/selection.ts'
import {selectRunData} from '../store/selectors.ts'
import type {Workbench} from '../store/workbench.ts'
import {shortcutText} from '../ui/shortcut.ts'
import {type Command, titleOf} from './command.ts'
import {compareRanks, type FitRank, fuzzyMatch} from './fuzzy-match.ts'
import {targetCommandsFor} from './target-registry.ts'

/** A line of the palette. */
export interface PaletteEntry {
  /** The same for the same thing at every opening. */
  readonly key: string
  readonly title: string
  /** Stands beside the title. */
  readonly detail: string
  readonly keyText: string
  readonly heading: string
  /** Found by these words too. */
  readonly keywords: string
  /** Why it cannot be done now; null where it can. */
  readonly reason: string | null
  run(): void
}

/** An entry that the query fits, and where. */
export interface FoundEntry {
  readonly entry: PaletteEntry
  readonly indices: readonly number[]
  readonly rank: FitRank
}

export const GROUP_NAMES: Readonly<Record<Command['group'], string>> = {
  file: 'File',
  edit: 'Edit',
  view: 'View',
  go: 'Go to',
  run: 'Run',
  help: 'Help',
}
const NOT_NOW = 'Not now'
const RECENT = 'Used last'

/** Every command; what cannot be done now stands at the end with its reason. */
export function commandEntries(commands: readonly Command[], workbench: Workbench): PaletteEntry[] {
  const state = workbench.store.getState()
  const entries = commands
    .filter((command) => !command.isKeyOnly && command.id !== 'palette')
    .filter((command) => !command.isHiddenUnlessPossible || command.when(state, workbench))
    .map((command): PaletteEntry => {
      const isEnabled = command.when(state, workbench)
      return {
        key: command.id,
        title: titleOf(command, workbench),
        detail: command.detail ?? '',
        keyText: shortcutText(command.shortcut),
        heading: isEnabled ? GROUP_NAMES[command.group] : NOT_NOW,
        keywords: `${GROUP_NAMES[command.group]} ${command.keywords ?? ''}`,
        reason: isEnabled ? null : (command.whyNot?.(state, workbench) ?? 'not possible now'),
        run: () => command.run(workbench),
      }
    })
  return [
    ...entries.filter(({reason}) => reason === null),
    ...entries.filter(({reason}) => reason !== null),
  ]
}

/** What can be done with the selected token and the run that is shown, and where else one can go. */
export function thingEntries(workbench: Workbench): PaletteEntry[] {
  const {store, captures, actions} = workbench
  const state = store.getState()
  const place = selectInspected(state, captures)
  const token = place && selectRunData(state, captures, place.runId)?.tokens[place.position]
  const runId = selectActiveRunId(state)
  const tokenDetail = token
    ? `token ${formatCount(token.position)} ${plainGlyphs(token).slice(0, 16)}`
    : ''
  return [
    ...(place && token
      ? targetEntries(workbench, {kind: 'token', ...place}, 'Selected token', tokenDetail)
      : []),
    ...(runId !== null
      ? targetEntries(workbench, {kind: 'run', runId}, 'This run', 'the run that is shown')
      : []),
    ...state.listings
      .filter(({problem, kind}) => !problem && (kind === 'decoder' || kind === 'unknown'))
      .flatMap((listing) =>
        modelFilesOf(listing).map(({file}) =>
          plainEntry(
            `model:${listing.path}:${file}`,
            'Models',
            `Use ${nameWithFile(listing, file)}`,
            listing.path,
            () => void actions.chooseModel(listing.path, file)
          )
        )
      ),
    ...selectRuns(state).map(({id, label, modelName}) =>
      plainEntry(`run:${id}`, 'History', label, modelName, () => void actions.openRun(id))
    ),
    ...SAMPLES.map((sample) =>
      plainEntry(`sample:${sample.id}`, 'Samples', sample.title, sample.claim.name, () =>
        actions.runSample(sample)
      )
    ),
  ]
}

function plainEntry(
  key: string,
  heading: string,
  title: string,
  detail: string,
  run: () => void
): PaletteEntry {
  return {key, heading, title, detail, keyText: '', keywords: heading, reason: null, run}
}

function targetEntries(
  workbench: Workbench,
  target: Target,
  heading: string,
  detail: string
): PaletteEntry[] {
  return targetCommandsFor(target, workbench).map((command) => ({
    ...plainEntry(command.id, heading, command.titleOf(target, workbench), detail, () =>
      command.run(workbench, target)
    ),
    keywords: `${heading} ${target.kind}`,
  }))
}

const MOST_PLACES = 8
/** Letters of the text around a place that is offered. */
const CONTEXT_LENGTH = 24

/** Tokens to jump to: the one of that number, and those where the text says so. */
export function jumpEntries(query: string, workbench: Workbench): PaletteEntry[] {
  const {store, captures, actions} = workbench
  const data = selectRunData(store.getState(), captures)
  const wanted = query.trim()
  if (!data || data.tokens.length === 0 || wanted === '') return []
  const {tokens} = data
  const number = wanted.match(/^(?:token\s*)?#?\s*(\d[\d,]*)$/iu)?.[1]?.replaceAll(',', '')
  const position = number === undefined ? null : Number(number)
  const entries: PaletteEntry[] = []
  if (position !== null && position < tokens.length) {
    const title = `Token ${formatCount(position)} ${plainGlyphs(tokens[position]!)}`
    entries.push(
      plainEntry(`token:${position}`, 'Tokens', title, 'jump to it', () => actions.jumpTo(position))
    )
  } else if (position !== null) {
    const last = tokens.length - 1
    const title = `Token ${formatCount(last)}, the last one`
    const detail = `there is no token ${formatCount(position)}`
    entries.push(plainEntry(`token:${last}`, 'Tokens', title, detail, () => actions.jumpTo(last)))
  }
  const {text, starts} = joinedText(tokens.map((token) => plainGlyphs(token)))
  const lower = text.toLowerCase()
  const marked = wanted.toLowerCase().replaceAll(' ', '·')
  if (lower.length !== text.length) return entries
  for (
    let at = lower.indexOf(marked);
    at >= 0 && entries.length < MOST_PLACES;
    at = lower.indexOf(marked, at + 1)
  ) {
    const found = starts.findLastIndex((start) => start <= at)
    const before = text.slice(Math.max(0, at - CONTEXT_LENGTH), at)
    const after = text.slice(at, at + marked.length + CONTEXT_LENGTH)
    const title = `${at > CONTEXT_LENGTH ? '…' : ''}${before}${after}`.replaceAll('·', ' ')
    const detail = `jump to token ${formatCount(found)}`
    if (entries.some(({key}) => key === `token:${found}`)) continue
    entries.push(plainEntry(`token:${found}`, 'Tokens', title, detail, () => actions.jumpTo(found)))
  }
  return entries
}

function joinedText(parts: readonly string[]): {text: string; starts: readonly number[]} {
  const starts: number[] = []
  let text = ''
  for (const part of parts) {
    starts.push(text.length)
    text += part
  }
  return {text, starts}
}

const MOST_FOUND = 60
/** What only the detail or a keyword says fits less. */
const KEYWORD_SHARE = 0.4
/** What was used last is likelier to be meant; what cannot be done now is not. */
const RECENT_BONUS = 15
const NOT_NOW_MALUS = 60

/**
 * The line that Enter is for: the best, which tells why where it cannot be done now; what fits less than
 * by a word only where it can be done.
 */
export function firstChoice(found: readonly FoundEntry[]): PaletteEntry | null {
  const chosen = found.find(({entry, rank}) => entry.reason === null || rank === 'word')
  return chosen?.entry ?? null
}

/** The entries that fit, best first and by headings; with nothing typed all commands, those used last first. */
export function findEntries(
  query: string,
  entries: readonly PaletteEntry[],
  recentKeys: readonly string[]
): FoundEntry[] {
  if (query.trim() === '') {
    const recent = recentKeys.flatMap((key) => {
      const entry = entries.find((other) => other.key === key && other.reason === null)
      return entry ? [{...entry, heading: RECENT}] : []
    })
    const others = entries.filter(({key}) => !recent.some((entry) => entry.key === key))
    return [...recent, ...others].map((entry) => ({entry, indices: [], rank: 'word'}))
  }
  const found = entries.flatMap((entry) => {
    const inTitle = fuzzyMatch(query, entry.title)
    const around = `${entry.title} ${entry.detail} ${entry.keywords}`
    const inAll = inTitle ? null : fuzzyMatch(query, around)
    // Letters scattered over what is not even the title are chance.
    const isChance = inAll !== null && (inAll.score < 0 || inAll.rank === 'scattered')
    if (!inTitle && (inAll === null || isChance)) return []
    // A word that only stands beside the title is less than one of it, and more than scattered letters.
    const rank = inTitle ? inTitle.rank : 'part'
    const score =
      (inTitle ? inTitle.score : inAll!.score * KEYWORD_SHARE) +
      (recentKeys.includes(entry.key) ? RECENT_BONUS : 0) -
      (entry.reason === null ? 0 : NOT_NOW_MALUS)
    return [{entry, indices: inTitle?.indices ?? [], rank, score}]
  })
  found.sort((a, b) => compareRanks(a.rank, b.rank) || b.score - a.score)
  const best = found.slice(0, MOST_FOUND)
  // Those of one heading stand together, where the best of them stands.
  const headings = [...new Set(best.map(({entry}) => entry.heading))]
  return headings.flatMap((heading) => best.filter(({entry}) => entry.heading === heading))
}
