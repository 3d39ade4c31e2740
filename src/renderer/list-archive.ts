import {type DBSchema, type IDBPDatabase, openDB} from 'idb'
import type {KeptOutcome, ListArchive} from './store/list-keeper.ts'
import type {PromptListState} from './store/prompt-list-state.ts'

interface ArchiveSchema extends DBSchema {
  tabs: {key: string; value: {tab: string; usedAt: number; list: PromptListState | null}}
  outcomes: {key: [string, string, string]; value: KeptOutcome & {tab: string; rowId: string}}
}

const DATABASE = 'tokenscope'
const TAB_KEY = 'tokenscope.tab'
const BATCH_SIZE = 250
/** What a tab that nobody came back to has left behind. */
const MOST_UNUSED_MS = 30 * 24 * 60 * 60 * 1000

/** The prompt list of this tab in the browser's database; a tab is known by a name in `session`. */
export function browserListArchive(session: Storage): ListArchive {
  let opening: Promise<{db: IDBPDatabase<ArchiveSchema>; tab: string}> | null = null
  const place = () => {
    opening ??= openPlace(session)
    return opening
  }
  const touch = async (list?: PromptListState) => {
    const {db, tab} = await place()
    const known = await db.get('tabs', tab)
    await db.put('tabs', {tab, usedAt: Date.now(), list: list ?? known?.list ?? null})
  }
  return {
    saveList: touch,
    async saveOutcomes(outcomes) {
      await touch()
      const {db, tab} = await place()
      const transaction = db.transaction('outcomes', 'readwrite')
      for (const kept of outcomes) {
        void transaction.store.put({...kept, tab, rowId: kept.row.id})
      }
      await transaction.done
    },
    async list() {
      const {db, tab} = await place()
      return (await db.get('tabs', tab))?.list ?? null
    },
    async *outcomes() {
      const {db, tab} = await place()
      yield* outcomesOf(db, tab)
    },
    async clear() {
      const {db, tab} = await place()
      await db.delete('outcomes', IDBKeyRange.bound([tab], [tab, []]))
    },
  }
}

async function* outcomesOf(db: IDBPDatabase<ArchiveSchema>, tab: string) {
  let after: IDBValidKey = [tab]
  for (;;) {
    const range = IDBKeyRange.bound(after, [tab, []], true)
    const batch = await db.getAll('outcomes', range, BATCH_SIZE)
    if (batch.length > 0) yield batch
    const last = batch.at(-1)
    if (!last || batch.length < BATCH_SIZE) return
    after = [tab, last.rowId, last.key]
  }
}

/** The database, and the name that only this tab has: one that was duplicated begins with a copy. */
async function openPlace(session: Storage) {
  const [db, known] = await Promise.all([open(), claimed(tabOf(session))])
  if (known.isOurs) return {db, tab: known.tab}
  const tab = newTab()
  await claimed(tab)
  const kept = await db.get('tabs', known.tab)
  if (kept) await db.put('tabs', {...kept, tab})
  for await (const batch of outcomesOf(db, known.tab)) {
    const transaction = db.transaction('outcomes', 'readwrite')
    for (const outcome of batch) void transaction.store.put({...outcome, tab})
    await transaction.done
  }
  nameTab(session, tab)
  return {db, tab}
}

/** The page that a reload replaces may hold its name for a moment longer. */
const MOST_RELOAD_MS = 500
const RETRY_MS = 25

/** A page holds its tab's name as long as it lives, and browsers copy `session` for a duplicated tab. */
async function claimed(tab: string): Promise<{tab: string; isOurs: boolean}> {
  if (!navigator.locks) return {tab, isOurs: true}
  const endMs = performance.now() + MOST_RELOAD_MS
  // Asked again and again: with one request and a timeout signal a copied tab sometimes waited for ever.
  while (!(await takesLock(`${TAB_KEY} ${tab}`))) {
    if (performance.now() >= endMs) return {tab, isOurs: false}
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
  }
  return {tab, isOurs: true}
}

/** Takes a lock for as long as the page lives, unless another page has it. */
function takesLock(name: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(name, {ifAvailable: true}, (lock) => {
        resolve(lock !== null)
        return lock === null ? undefined : new Promise<never>(() => undefined)
      })
      .catch(reject)
  })
}

const newTab = () => [...crypto.getRandomValues(new Uint32Array(4))].join('-')

function nameTab(session: Storage, tab: string): void {
  try {
    session.setItem(TAB_KEY, tab)
  } catch {
    // Where nothing is kept for a reload, nothing is found after it.
  }
}

function tabOf(session: Storage): string {
  try {
    const known = session.getItem(TAB_KEY)
    if (known) return known
  } catch {
    return 'tab'
  }
  const tab = newTab()
  nameTab(session, tab)
  return tab
}

async function open(): Promise<IDBPDatabase<ArchiveSchema>> {
  const db = await openDB<ArchiveSchema>(DATABASE, 1, {
    upgrade(upgraded) {
      upgraded.createObjectStore('tabs', {keyPath: 'tab'})
      upgraded.createObjectStore('outcomes', {keyPath: ['tab', 'rowId', 'key']})
    },
  })
  for (const {tab, usedAt} of await db.getAll('tabs')) {
    if (Date.now() - usedAt < MOST_UNUSED_MS) continue
    await db.delete('outcomes', IDBKeyRange.bound([tab], [tab, []]))
    await db.delete('tabs', tab)
  }
  return db
}
