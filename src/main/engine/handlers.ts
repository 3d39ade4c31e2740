import {writeSync} from 'node:fs'
import {createRequire} from 'node:module'
import {availableParallelism, totalmem} from 'node:os'
import {join} from 'node:path'
import {implement} from '@orpc/server'
import {type BytesRef, contract, type EngineStatus} from '../../shared/contract/contract.ts'
import {STOPPED_ON_REQUEST} from '../../shared/contract/stopped-on-request.ts'
import type {ModelRef} from '../../shared/domain/model.ts'
import {ProblemError} from '../../shared/domain/problem.ts'
import {tokenTableOf} from '../../shared/domain/token.ts'
import {packTile} from '../../shared/lenses/packed-tile.ts'
import {type Blobs, ownBytes, takeBlob} from './blobs.ts'
import {AttentionStore} from './captures/attention-store.ts'
import {LogitsStore} from './captures/logits-store.ts'
import {MemoryBudget} from './captures/memory-budget.ts'
import {ResidualStore} from './captures/residual-store.ts'
import {ContrastRows} from './critical/contrast-rows.ts'
import {exportFigure} from './export/export-figure.ts'
import {Changes} from './jobs/changes.ts'
import {EngineLog} from './jobs/engine-log.ts'
import {EventQueue} from './jobs/event-queue.ts'
import {loadedLine, logFailure, problemInBrief, startLines} from './jobs/log-lines.ts'
import {
  loggedAttention,
  loggedAttribution,
  loggedCapture,
  loggedCritical,
  loggedInspection,
  loggedLogitLens,
  loggedPromptList,
  loggedTokens,
  loggedTree,
} from './jobs/logged.ts'
import {archiveAttention, attentionRows, runAttention} from './lenses/attention.ts'
import {attentionGraph} from './lenses/attention-graph.ts'
import {runHeads} from './lenses/attention-heads.ts'
import {runImportance} from './lenses/attention-importance.ts'
import {lookAtText} from './lenses/attention-look.ts'
import {
  attentionEdges,
  attentionLine,
  attentionThumbnails,
  attentionTile,
  captureAttention,
} from './lenses/attention-maps.ts'
import {runProbe} from './lenses/attention-probe.ts'
import {runPrune} from './lenses/attention-prune.ts'
import {runSimilarHeads} from './lenses/attention-similar.ts'
import {runAttribute, tryChanges} from './lenses/attribute.ts'
import {runBytes} from './lenses/bytes.ts'
import {runCritical} from './lenses/critical.ts'
import {respondCritical} from './lenses/critical-respond.ts'
import {checkIds, checkTextLength, encodeText, vocabularyParts} from './lenses/encode-prompt.ts'
import {runInspect} from './lenses/inspect.ts'
import {runIntervene} from './lenses/intervene.ts'
import {KeptTexts} from './lenses/kept-texts.ts'
import {runLogitLens} from './lenses/logit-lens.ts'
import {runPromptList} from './lenses/prompt-list.ts'
import {computeNext, computeTracked} from './lenses/rows.ts'
import {TextThread} from './lenses/text-thread.ts'
import {runTokens} from './lenses/tokens.ts'
import {runTree} from './lenses/tree.ts'
import {expandTree, openTree} from './lenses/tree-expand.ts'
import {KnownModelFiles} from './model-folder/known-model-files.ts'
import {listFolder} from './model-folder/list-folder.ts'
import {listModels} from './model-folder/list-models.ts'
import type {ModelFolder} from './model-folder/model-folder.ts'
import {readModelCard} from './model-folder/read-model-card.ts'
import {readModelFolder} from './model-folder/read-model-folder.ts'
import {Recents} from './model-folder/recents.ts'
import {resolveModelRef} from './model-folder/resolve-model-ref.ts'
import type {EngineOptions} from './options.ts'
import {PREFERENCES_FILE} from './preferences/preference-file.ts'
import {PreferenceStore} from './preferences/preferences.ts'
import {BranchSessions} from './runtime/branch-sessions.ts'
import {InstrumentedSessions} from './runtime/instrumented-sessions.ts'
import {MatrixThread} from './runtime/matrix-thread.ts'
import {ModelGraphs} from './runtime/model-graphs.ts'
import {type LoadStage, Models} from './runtime/models.ts'
import {physicalCoreCount} from './runtime/threads.ts'
import {keepTokenizerFile} from './tokenizers/keep-file.ts'
import {loadTokenizer} from './tokenizers/load-tokenizer.ts'

const STATUS_INTERVAL_MS = 100
/** What a host's own choice takes out of the hands of the preferences. */
const FIXABLE = ['threads', 'maxMemoryBytes'] as const
/** Of the JSON results, which carry it in their name too. */
const SCHEMA_VERSION = '1'

export type EngineHandlers = ReturnType<typeof createHandlers>

/** Table of contents: every call of the contract and what answers it. */
export function createHandlers(options: EngineOptions, {blobs}: {blobs: Blobs}) {
  const changes = new Changes()
  const recents = new Recents(options.stateFolder)
  const versions = {
    tokenscope: options.version,
    onnxruntime: onnxruntimeVersion(),
    schema: SCHEMA_VERSION,
  }
  const log = new EngineLog()
  const preferences = new PreferenceStore(options.stateFolder, {
    onChange() {
      budget.setMaxBytes(maxMemoryBytes())
      changes.notify()
    },
    onProblem: (problem) => log.warning(problemInBrief(problem)),
  })
  const maxMemoryBytes = () =>
    options.maxMemoryBytes ?? preferences.current.maxMemoryBytes ?? Math.floor(totalmem() / 4)
  // What is kept of runs and captures has one bound together.
  const budget = new MemoryBudget(maxMemoryBytes())
  const store = new LogitsStore(budget)
  const threads = () => options.threads ?? preferences.current.threads ?? physicalCoreCount()
  const models = new Models({
    readFolder,
    loadTokenizer,
    threads,
    onChange: () => changes.notify(),
    onUnloaded({key, info}) {
      store.forget(key)
      log.info(`unloaded ${info.path}, ${info.file}`)
    },
    onLoaded({info}, loadMs) {
      log.info(loadedLine(info, loadMs))
      for (const {code} of info.warnings) log.warning(`${info.path}: ${code}`)
      if (info.source === 'builtin' || info.source === 'cache') return
      recents.add(info.path).catch((error) => {
        console.error('recent models not kept:', error)
        logFailure(log, 'recent models not kept', error)
      })
    },
  })
  const knownFiles = new KnownModelFiles()
  const graphs = new ModelGraphs({
    async readFiles(ref) {
      const found = await resolveModelRef(ref, await places())
      return knownFiles.read(found.path, found)
    },
    loadTokenizer,
  })
  const sessions = new InstrumentedSessions({threads, onChange: () => changes.notify()})
  const lens = {models, graphs, sessions, residuals: new ResidualStore(budget)}
  const context = {models, store, versions, lens}
  const attention = {
    ...{graphs, models, versions, sessions, budget},
    store: new AttentionStore(budget),
    thread: new MatrixThread({threads}),
  }
  // A sampler's model stays open beside the one that is attributed.
  const samplerSessions = new InstrumentedSessions({threads, onChange: () => changes.notify()})
  const attribution = {...attention, samplerSessions}
  const keptTexts = new KeptTexts()
  const texts = new TextThread({
    builtinModelsFolder: options.builtinModelsFolder,
    tokenizersFolder: options.tokenizersFolder,
    stateFolder: options.stateFolder,
    versions,
  })
  // A target and its draft stay open together, with the branches that were computed.
  const branches = new BranchSessions({threads})
  const trees = {graphs, models, versions, branches}
  const critical = {...trees, contrasts: new ContrastRows(branches)}
  const machine = {
    memoryBytes: totalmem(),
    logicalCores: availableParallelism(),
    physicalCores: physicalCoreCount(),
  }

  async function places() {
    const {folders, warning} = await recents.read()
    if (warning) {
      console.error(warning.message)
      log.warning(warning.code)
    }
    return {builtinModelsFolder: options.builtinModelsFolder, recents: folders}
  }

  async function readFolder(ref: ModelRef): Promise<ModelFolder> {
    const found = await resolveModelRef(ref, await places())
    return readModelFolder(found.path, found)
  }

  function status(): EngineStatus {
    return {
      processId: process.pid,
      startCount: options.startCount,
      lastExit: options.lastExit,
      versions,
      threads: threads(),
      maxMemoryBytes: maxMemoryBytes(),
      fixedByHost: FIXABLE.filter((name) => options[name] !== null),
      usedMemoryBytes: budget.usedBytes,
      machine,
      preferencesPath:
        options.stateFolder === null ? null : join(options.stateFolder, PREFERENCES_FILE),
      loaded: models.list(),
      runningCount:
        models.jobCount + sessions.useCount + samplerSessions.useCount + branches.useCount,
    }
  }

  for (const line of startLines(options, versions)) log.info(line)
  // An engine that is started again is asked for what its pages had, which may be another model.
  if (options.firstModel && options.startCount === 1) {
    // Whoever asks for it is told why it could not be loaded.
    models.load({model: options.firstModel}).catch(() => undefined)
  }
  const engine = implement(contract).use(async ({next, path, signal}) => {
    try {
      return await next()
    } catch (error) {
      if (!signal?.aborted) logFailure(log, path.join('.'), error)
      throw error
    }
  })
  const router = engine.router({
    engine: {
      status: engine.engine.status.handler(status),
      watch: engine.engine.watch.handler(async function* ({signal}) {
        for await (const _ of changes.watch(STATUS_INTERVAL_MS, signal)) yield status()
      }),
      stop: engine.engine.stop.handler(() => {
        writeSync(process.stderr.fd, `${STOPPED_ON_REQUEST}\n`)
        // Nothing gentler ends a thread that is inside the runtime.
        process.kill(process.pid, 'SIGKILL')
      }),
      log: engine.engine.log.handler(({signal}) => log.watch(signal)),
    },
    preferences: {
      watch: engine.preferences.watch.handler(({signal}) => preferences.watch(signal)),
      change: engine.preferences.change.handler(({input}) => preferences.change(input)),
    },
    models: {
      list: engine.models.list.handler(async () => listModels(await places())),
      load: engine.models.load.handler(async function* ({input, signal}) {
        const stages = new EventQueue<LoadStage>()
        const loading = models.load(input, (stage) => stages.push(stage), signal)
        loading.then(
          () => stages.close(),
          (error) => stages.fail(error)
        )
        try {
          yield* stages
          yield {kind: 'loaded', model: (await loading).info}
        } catch (error) {
          if (!signal?.aborted) logFailure(log, `loading ${input.model}`, error)
          throw error
        }
      }),
      card: engine.models.card.handler(async ({input}) =>
        readModelCard((await resolveModelRef(input, await places())).path)
      ),
      inspect: engine.models.inspect.handler(({input, signal}) =>
        loggedInspection(
          log,
          input,
          runInspect({graphs, sessions, versions}, input, signal),
          signal
        )
      ),
      forget: engine.models.forget.handler(async ({input}) => {
        await recents.remove(input.path)
      }),
      unload: engine.models.unload.handler(async ({input}) => ({
        freedBytes: await models.unload(input),
      })),
    },
    folders: {
      list: engine.folders.list.handler(async ({input}) => listFolder(input.path, await places())),
    },
    text: {
      tokenize: engine.text.tokenize.handler(async ({input}) => {
        const {folder, tokenizer} = await models.text(input)
        checkTextLength(input, folder, tokenizer)
        const {text, parts} = await encodeText(input, tokenizer)
        return {text, tokens: tokenTableOf(parts), contextLength: folder.contextLength}
      }),
      describe: engine.text.describe.handler(async ({input}) => {
        const {folder, tokenizer} = await models.text(input)
        checkIds(input.ids, folder.vocabularySize, 'ids')
        return tokenTableOf(vocabularyParts(tokenizer, input.ids))
      }),
      derive: engine.text.derive.handler(async ({input}) => {
        const {folder, tokenizer} = await models.text(input)
        checkIds([input.id], folder.vocabularySize, 'id')
        const derivation = tokenizer.derivationOf(input.id)
        if (!derivation) throw noEntry(input.id, tokenizer.tokenCount)
        return derivation
      }),
    },
    bytes: {
      run: engine.bytes.run.handler(({input, signal}) => runBytes(context, input, signal)),
    },
    tokenizers: {
      compare: engine.tokenizers.compare.handler(({input, signal}) =>
        texts.run('tokenize', input, signal)
      ),
      vocabulary: engine.tokenizers.vocabulary.handler(({input, signal}) =>
        texts.run('vocabulary', input, signal)
      ),
      entry: engine.tokenizers.entry.handler(({input, signal}) =>
        texts.runOnce('entry', input, signal)
      ),
      keep: engine.tokenizers.keep.handler(({input}) =>
        keepTokenizerFile(options.stateFolder, input)
      ),
      keepText: engine.tokenizers.keepText.handler(({input}) => keptTexts.add(input)),
    },
    prompts: {
      run: engine.prompts.run.handler(({input, signal}) =>
        loggedPromptList(log, input, runPromptList(context, input, signal), signal)
      ),
    },
    tokens: {
      run: engine.tokens.run.handler(({input, signal}) =>
        loggedTokens(log, input, runTokens(context, input, signal), signal)
      ),
      next: engine.tokens.next.handler(async ({input, signal}) =>
        computeNext(await models.load(input, undefined, signal), store, input, signal)
      ),
      track: engine.tokens.track.handler(async ({input, signal}) => {
        const model = await models.load(input, undefined, signal)
        return computeTracked(model, store, input.ids, input.tokenIds, signal)
      }),
      lens: engine.tokens.lens.handler(({input, signal}) =>
        loggedLogitLens(log, input, runLogitLens(lens, input, signal), signal)
      ),
      estimate: engine.tokens.estimate.handler(({input}) => ({
        seconds: models.get(input)?.rates.secondsFor(input.tokenCount, input.generate) ?? null,
      })),
    },
    attention: {
      run: engine.attention.run.handler(({input, signal}) =>
        loggedAttention(log, input, runAttention(attention, input, signal), signal)
      ),
      rows: engine.attention.rows.handler(({input, signal}) =>
        attentionRows(attention, input, signal)
      ),
      capture: engine.attention.capture.handler(({input, signal}) =>
        loggedCapture(log, input, captureAttention(attention, input, signal), signal)
      ),
      look: engine.attention.look.handler(({input, signal}) =>
        lookAtText(attention, input, signal)
      ),
      tile: engine.attention.tile.handler(({input, signal}) =>
        attentionTile(attention, input, signal)
      ),
      picture: engine.attention.picture.handler(async ({input, signal}) =>
        packTile(await attentionTile(attention, input, signal), input)
      ),
      line: engine.attention.line.handler(({input, signal}) =>
        attentionLine(attention, input, signal)
      ),
      edges: engine.attention.edges.handler(({input, signal}) =>
        attentionEdges(attention, input, signal)
      ),
      graph: engine.attention.graph.handler(({input, signal}) =>
        attentionGraph(attention, input, signal)
      ),
      thumbnails: engine.attention.thumbnails.handler(({input, signal}) =>
        attentionThumbnails(attention, input, signal)
      ),
      heads: engine.attention.heads.handler(({input, signal}) =>
        runHeads(attention, input, signal)
      ),
      probe: engine.attention.probe.handler(({input, signal}) =>
        runProbe(attention, input, signal)
      ),
      importance: engine.attention.importance.handler(({input, signal}) =>
        runImportance(attention, input, signal)
      ),
      similar: engine.attention.similar.handler(({input, signal}) =>
        runSimilarHeads(attention, input, signal)
      ),
      prune: engine.attention.prune.handler(({input, signal}) =>
        runPrune(attention, input, signal)
      ),
      archive: engine.attention.archive.handler(({input, signal}) =>
        archiveAttention(attention, input, signal)
      ),
    },
    interventions: {
      run: engine.interventions.run.handler(({input, signal}) =>
        runIntervene(attention, input, signal)
      ),
    },
    attributions: {
      run: engine.attributions.run.handler(({input, signal}) =>
        loggedAttribution(log, input, runAttribute(attribution, input, signal), signal)
      ),
      try: engine.attributions.try.handler(({input, signal}) => {
        const {model, file, ids, ...trial} = input
        return tryChanges(attribution, {model, file, ids}, trial, signal)
      }),
    },
    criticals: {
      run: engine.criticals.run.handler(({input, signal}) =>
        loggedCritical(log, input, runCritical(critical, input, signal), signal)
      ),
      respond: engine.criticals.respond.handler(({input, signal}) =>
        respondCritical(critical, input, signal)
      ),
    },
    trees: {
      run: engine.trees.run.handler(({input, signal}) =>
        loggedTree(log, input, runTree(trees, input, signal), signal)
      ),
      expand: engine.trees.expand.handler(({input, signal}) => expandTree(trees, input, signal)),
      open: engine.trees.open.handler(({input, signal}) => openTree(trees, input, signal)),
    },
    figures: {
      export: engine.figures.export.handler(async ({input}) => {
        const {bytes, warnings, ...file} = await exportFigure(input, options)
        return {...file, warnings: [...warnings], content: blobs.refer(ownBytes(bytes))}
      }),
    },
    blobs: {
      read: engine.blobs.read.handler(({input}) => takeBlob(blobs, input.blobId)),
      probe: engine.blobs.probe.handler(({input}): BytesRef => {
        const bytes = new Uint8Array(input.byteLength)
        return input.asBlob ? blobs.keep(bytes) : {bytes}
      }),
    },
  })
  return {
    router,
    async close() {
      texts.close()
      const {thread} = attention
      const open = [models, sessions, samplerSessions, branches, thread, preferences, keptTexts]
      await Promise.all(open.map((one) => one.close()))
    },
  }
}

/** The logits may be wider than the tokenizer's list. */
function noEntry(id: number, tokenCount: number): ProblemError {
  return new ProblemError({
    code: 'no-vocabulary-entry',
    message: `The tokenizer lists no token ${id}.`,
    field: 'id',
    found: String(id),
    expected: `an id that tokenizer.json lists, below ${tokenCount}`,
    advice: 'Choose another token: this id is a place in the logits that stands for nothing.',
  })
}

/** Read from its package, since loading the runtime is left to the session workers. */
function onnxruntimeVersion(): string {
  const require = createRequire(import.meta.url)
  return (require('onnxruntime-node/package.json') as {version: string}).version
}
