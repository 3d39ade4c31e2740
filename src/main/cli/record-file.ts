import {existsSync, readFileSync} from 'node:fs'
import {type FileHandle, open, truncate} from 'node:fs/promises'
import type {z} from 'zod'
import {ProblemError} from '../../shared/domain/problem.ts'
import {UsageError} from './usage-error.ts'

/** What every record has: whose it is, and of what request. */
interface Keyed {
  readonly index: number
  readonly key: string
}

/**
 * A file of JSON lines that grows by whole records, so that a run that was cut off at any moment can go on from what
 * is there. One record an index.
 */
export class RecordFile<Item extends Keyed> {
  private constructor(
    private readonly handle: FileHandle,
    readonly path: string,
    private readonly records: Map<number, Item>,
    /** Whether the last line was not whole, and was cut off. */
    readonly wasTorn: boolean
  ) {}

  /**
   * Opens a file for records. With `isResumed` those that it has are read; without, there may be none. Throws a
   * Problem for a line that is no record, and a UsageError for a file that is not to be overwritten.
   */
  static async open<Item extends Keyed>(
    path: string,
    schema: z.ZodType<Item>,
    {isResumed}: {readonly isResumed: boolean}
  ): Promise<RecordFile<Item>> {
    const records = new Map<number, Item>()
    let wasTorn = false
    if (existsSync(path)) {
      const bytes = readFileSync(path)
      if (!isResumed && bytes.length > 0) {
        throw new UsageError(`${path} has records: go on with --resume, or name another file`)
      }
      // A line is written whole or, where the process ended in its midst, without its end.
      const end = bytes.lastIndexOf(10) + 1
      wasTorn = end < bytes.length
      if (wasTorn) await truncate(path, end)
      for (const record of readRecords(bytes.subarray(0, end), path, schema)) {
        records.set(record.index, record)
      }
    }
    return new RecordFile(await open(path, 'a'), path, records, wasTorn)
  }

  /** Records by index. */
  all(): Item[] {
    return [...this.records.values()].sort((a, b) => a.index - b.index)
  }

  /**
   * The record of an index; null where there is none yet. Throws a Problem where it is of another request: another data
   * set, or other flags.
   */
  of({index, key}: Keyed): Item | null {
    const found = this.records.get(index)
    if (!found) return null
    if (found.key !== key) throw ofAnotherRun(this.path, index)
    return found
  }

  /** Adds a record, which is on the disk when it resolves. */
  async add(record: Item): Promise<void> {
    await this.handle.appendFile(`${JSON.stringify(record)}\n`)
    await this.handle.datasync()
    this.records.set(record.index, record)
  }

  close(): Promise<void> {
    return this.handle.close()
  }
}

function readRecords<Item>(bytes: Uint8Array, path: string, schema: z.ZodType<Item>): Item[] {
  const lines = new TextDecoder().decode(bytes).split('\n').slice(0, -1)
  return lines.map((line, i) => {
    let value: unknown
    try {
      value = JSON.parse(line)
    } catch {
      throw noRecord(path, i + 1, 'a line that is not JSON')
    }
    const parsed = schema.safeParse(value)
    if (parsed.success) return parsed.data
    const [issue] = parsed.error.issues
    throw noRecord(path, i + 1, `${issue!.path.join('.') || 'a line'}: ${issue!.message}`)
  })
}

function noRecord(path: string, line: number, found: string): ProblemError {
  return new ProblemError({
    code: 'record-not-readable',
    message: 'The file that is to be gone on with has a line that is no record of this command.',
    file: path,
    field: `line ${line}`,
    found,
    expected: 'a record a line, as this command writes them',
    advice: 'Take the line away, or write to another file.',
  })
}

function ofAnotherRun(path: string, index: number): ProblemError {
  return new ProblemError({
    code: 'records-of-another-run',
    message:
      'The file that is to be gone on with is of another data set, or was made with other flags.',
    file: path,
    field: `item ${index}`,
    found: 'a record of another request',
    expected: 'the request that this run makes of the item',
    advice: 'Use the flags and the data set that it was begun with, or write to another file.',
  })
}
