import {type DBSchema, type IDBPDatabase, openDB} from 'idb'
import type {KeptOutcome, ListArchive} from './store/list-keeper.ts'
import type {PromptListState} from './store/state.ts'

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
  const tab = tabOf(session)
  let opening: Promise<IDBPDatabase<ArchiveSchema>> | null = null
  const database = () => {
    opening ??= open()
    return opening
  }
  const touch = async (list?: PromptListState) => {
    const db = await database()
    const known = await db.get('tabs', tab)
    await db.put('tabs', {tab, usedAt: Date.now(), list: list ?? known?.list ?? null})
  }
  return {
    saveList: touch,
    async saveOutcomes(outcomes) {
      await touch()
      const transaction = (await database()).transaction('outcomes', 'readwrite')
      for (const kept of outcomes) {
        void transaction.store.put({...kept, tab, rowId: kept.row.id})
      }
      await transaction.done
    },
    list: async () => (await (await database()).get('tabs', tab))?.list ?? null,
    async *outcomes() {
      const db = await database()
      let after: IDBValidKey = [tab]
      for (;;) {
        const range = IDBKeyRange.bound(after, [tab, []], true)
        const batch = await db.getAll('outcomes', range, BATCH_SIZE)
        if (batch.length > 0) yield batch
        const last = batch.at(-1)
        if (!last || batch.length < BATCH_SIZE) return
        after = [tab, last.rowId, last.key]
      }
    },
    async clear() {
      await (await database()).delete('outcomes', IDBKeyRange.bound([tab], [tab, []]))
    },
  }
}

function tabOf(session: Storage): string {
  try {
    const known = session.getItem(TAB_KEY)
    if (known) return known
    const tab = [...crypto.getRandomValues(new Uint32Array(4))].join('-')
    session.setItem(TAB_KEY, tab)
    return tab
  } catch {
    // Where nothing is kept for a reload, nothing is found after it.
    return 'tab'
  }
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
