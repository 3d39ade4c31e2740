import {isDecoder} from '../model-folder/read-model-files.ts'
import type {Overlay} from '../onnx/overlay.ts'
import type {GraphedModel} from './model-graphs.ts'
import {ModelSession} from './session.ts'
import type {BranchSpec} from './worker-protocol.ts'

/** A graph that runs branches. */
export interface BranchInstrument {
  readonly model: GraphedModel
  /** What was edited: two instruments of a model with the same name are the same graph. */
  readonly name: string
  readonly overlay: () => Overlay
  readonly branch: BranchSpec
}

interface Kept {
  readonly session: Promise<ModelSession>
  useCount: number
}

/** A target and its draft, and one more: each holds a model's weights. */
const MAX_SESSION_COUNT = 2

/** Sessions that run branches: the latest few stay, with what they have cached. */
export class BranchSessions {
  /** By instrument, least recently used first. */
  private readonly kept = new Map<string, Kept>()

  constructor(private readonly options: {readonly threads: () => number}) {}

  /** Jobs running or waiting. */
  get useCount(): number {
    return [...this.kept.values()].reduce((sum, {useCount}) => sum + useCount, 0)
  }

  /** Opens the session of an instrument, unless it is open, and gives it to `task`. */
  async use<Result>(
    instrument: BranchInstrument,
    task: (session: ModelSession) => Promise<Result>
  ): Promise<Result> {
    const kept = await this.open(instrument)
    kept.useCount++
    try {
      return await task(await kept.session)
    } finally {
      kept.useCount--
    }
  }

  async close(): Promise<void> {
    const sessions = [...this.kept.values()]
    this.kept.clear()
    await Promise.all(
      sessions.map(({session}) =>
        session.then(
          (one) => one.release(),
          () => {}
        )
      )
    )
  }

  private async open(instrument: BranchInstrument): Promise<Kept> {
    const key = `${instrument.model.key}\n${instrument.name}`
    const found = this.kept.get(key)
    this.kept.delete(key)
    const isAlive = found && (await found.session.then((one) => one.isAlive).catch(() => false))
    const kept = isAlive
      ? found
      : {session: ModelSession.create(this.specOf(instrument)), useCount: 0}
    this.kept.set(key, kept)
    // A failure is told and forgotten.
    kept.session.catch(() => {
      if (this.kept.get(key) === kept) this.kept.delete(key)
    })
    for (const [oldest, other] of [...this.kept]) {
      if (this.kept.size <= MAX_SESSION_COUNT) break
      if (other.useCount > 0 || other === kept) continue
      this.kept.delete(oldest)
      other.session.then((one) => one.release()).catch(() => {})
    }
    return kept
  }

  private specOf({model: {files}, overlay, branch}: BranchInstrument) {
    const {decoder} = files
    const sizes = isDecoder(decoder) ? decoder : {keyValueHeadCount: 1, headSize: 0}
    const beginId = files.config?.beginId ?? 0
    return {
      modelId: files.id,
      filePath: files.filePath,
      roles: files.header.roles,
      keyValueHeadCount: sizes.keyValueHeadCount,
      headSize: sizes.headSize,
      contextLength: isDecoder(decoder) ? decoder.contextLength : 0,
      threads: this.options.threads(),
      chunkLength: 0,
      checkIds: [beginId, beginId],
      overlay: overlay(),
      branch,
    }
  }
}
