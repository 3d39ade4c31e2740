import {z} from 'zod'
import {problemSchema} from '../../shared/domain/problem.ts'
import {promptListRequestSchema, promptRowResultSchema} from '../../shared/lenses/prompt-list.ts'
import type {StoreContext} from './context.ts'
import type {ListOutcome} from './list-outcomes.ts'
import {listRowSchema, listSchema} from './persistence.ts'
import type {PromptListState} from './prompt-list-state.ts'
import type {ListRow} from './state.ts'

/**
 * Where this tab's prompt list and what came of its rows outlive a reload; a browser's database fits. It
 * holds what storage for text has no room for. What it gives back may be from another version.
 */
export interface ListArchive {
  saveList(list: PromptListState): Promise<void>
  saveOutcomes(outcomes: readonly KeptOutcome[]): Promise<void>
  list(): Promise<unknown>
  /** Some at a time, so that the page is free in between. */
  outcomes(): AsyncIterable<readonly unknown[]>
  /** Forgets every outcome. */
  clear(): Promise<void>
}

/** What came of a row under some options. */
export interface KeptOutcome {
  /** With its text: ids may be given again after a reload. */
  readonly row: ListRow
  /** The options, as `keyOfOptions` writes them. */
  readonly key: string
  readonly outcome:
    | Pick<Extract<ListOutcome, {kind: 'done'}>, 'kind' | 'result'>
    | Pick<Extract<ListOutcome, {kind: 'failed'}>, 'kind' | 'problem'>
}

const keptOutcomeSchema = z.object({
  row: listRowSchema,
  key: z.string(),
  outcome: z.discriminatedUnion('kind', [
    z.object({kind: z.literal('done'), result: promptRowResultSchema}),
    z.object({kind: z.literal('failed'), problem: problemSchema}),
  ]),
})
const optionsSchema = promptListRequestSchema.omit({rows: true})

/** Keeps the prompt list with its numbers for a reload, and brings both back. */
export class ListKeeper {
  private fresh: KeptOutcome[] = []
  private saving: Promise<void> = Promise.resolve()

  constructor(
    private readonly context: StoreContext,
    /** Puts the list where it was, as nothing that could be undone. */
    private readonly replaceList: (list: PromptListState) => void
  ) {}

  /** Keeps a list for which text storage has no room. */
  saveList(list: PromptListState): void {
    void this.context.deps.listArchive?.saveList(list).catch(() => undefined)
  }

  /** To be saved with the next flush. */
  note(row: ListRow, key: string, outcome: ListOutcome): void {
    if (!this.context.deps.listArchive) return
    const kept =
      outcome.kind === 'done'
        ? ({kind: 'done', result: outcome.result} as const)
        : ({kind: 'failed', problem: outcome.problem} as const)
    this.fresh.push({row, key, outcome: kept})
  }

  flush(): void {
    const archive = this.context.deps.listArchive
    if (!archive || this.fresh.length === 0) return
    const {fresh} = this
    this.fresh = []
    // A full disk costs a reload its numbers, not the person their work.
    this.saving = this.saving.then(() => archive.saveOutcomes(fresh)).catch(() => undefined)
  }

  /** Brings back the list, where text storage had no room for it, and the numbers of its rows. */
  async restore(): Promise<void> {
    const {store, set, captures, deps} = this.context
    const archive = deps.listArchive
    if (!archive) return
    try {
      await this.restoreList(archive)
      const rows = new Map(store.getState().listRows.map((row) => [row.id, row]))
      if (rows.size === 0) {
        await archive.clear()
        return
      }
      for await (const batch of archive.outcomes()) {
        for (const item of batch) {
          const kept = keptOutcomeSchema.safeParse(item)
          const row = kept.success ? rows.get(kept.data.row.id) : undefined
          if (!kept.success || !row || !isSameRow(row, kept.data.row)) continue
          const options = optionsOfKey(kept.data.key)
          if (options) captures.list.set(row, kept.data.key, {...kept.data.outcome, options})
        }
        set(({listRevision}) => ({listRevision: listRevision + 1}))
      }
    } catch {
      // A database that is off or damaged: the list is computed again.
    }
  }

  private async restoreList(archive: ListArchive): Promise<void> {
    const {store} = this.context
    if (store.getState().listRows.length > 0) return
    const list = listSchema.safeParse(await archive.list())
    const {listRows} = store.getState()
    if (!list.success || list.data.listRows.length === 0 || listRows.length > 0) return
    this.replaceList(list.data)
  }
}

function optionsOfKey(key: string): ListOutcome['options'] | null {
  try {
    const parsed = optionsSchema.safeParse(JSON.parse(key))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}

function isSameRow(a: ListRow, b: ListRow): boolean {
  return (
    a.prompt === b.prompt &&
    a.answer === b.answer &&
    JSON.stringify(a.messages) === JSON.stringify(b.messages)
  )
}
