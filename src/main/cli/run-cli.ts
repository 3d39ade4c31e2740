import {Command, CommanderError} from 'commander'
import type {Problem} from '../../shared/domain/problem.ts'
import {packageVersion} from '../engine-options.ts'
import {type AttentionFlags, addAttentionFlags} from './attention-flags.ts'
import {type AttributeFlags, addAttributeFlags} from './attribute-flags.ts'
import {addBytesFlags, type BytesFlags} from './bytes-flags.ts'
import {type Connect, connectLocal} from './connect.ts'
import {addCriticalFlags, type CriticalFlags} from './critical-flags.ts'
import {LIMITS, limitsInBrief} from './flag-limits.ts'
import {addInspectFlags, type InspectFlags} from './inspect-flags.ts'
import {addInterveneFlags, type InterveneFlags} from './intervene-flags.ts'
import {addModelsFlags, type ModelsFlags} from './models-flags.ts'
import {checkArgumentCount} from './surplus.ts'
import {processTerminal, type Terminal} from './terminal.ts'
import {addTokenizeFlags, type TokenizeFlags} from './tokenize-flags.ts'
import {addTokensFlags, type TokensFlags} from './tokens-flags.ts'
import {addTreeFlags, type TreeFlags} from './tree-flags.ts'
import {EXIT, UsageError} from './usage-error.ts'
import {addVocabularyFlags, type VocabularyFlags} from './vocabulary-flags.ts'

// What runs a model or knows a schema is imported by the command that needs it: help comes at once.

const COMMANDS =
  'tokens, models, inspect, attention, intervene, attribute, critical, tokenize, vocabulary, tree, bytes, serve and schema'

/** Commands of the contract that a later release brings. */
const LATER_COMMANDS = ['download', 'open', 'batch', 'compare']

/**
 * Runs one command of `tokenscope`. Resolves with the exit code: 0 done, 1 failed with one readable
 * message, 2 wrong usage, 130 interrupted.
 */
export async function runCli(
  commandArguments: readonly string[],
  connect: Connect = connectLocal,
  terminal: Terminal = processTerminal()
): Promise<number> {
  let exitCode: number = EXIT.done
  const program = new Command('tokenscope')
    .description('Shows what a language model does with tokens.')
    .version(packageVersion(), '-V, --version', 'print the version')
    // What follows a command is that command's: a prompt may be “-V”.
    .enablePositionalOptions()
    .configureOutput({
      writeOut: (text) => void terminal.print(text),
      writeErr: (text) => terminal.printError(text),
    })
    .showHelpAfterError('(--help shows what there is)')
    .exitOverride()
    .action(() => {
      const [name = ''] = commandArguments
      throw new UsageError(name ? unknownCommand(name) : `give a command: ${commandNames(program)}`)
    })
    .allowExcessArguments()
    .allowUnknownOption()
    .hook('preAction', (_, command) => checkArgumentCount(command))
  addTokensFlags(
    program.command('tokens').description('tokens with their statistics, and what may follow')
  ).action(async (flags: TokensFlags) => {
    const {runTokens} = await import('./tokens-command.ts')
    exitCode = await runTokens(flags, connect, terminal)
  })
  addModelsFlags(
    program
      .command('models')
      .description('models that can be opened: built in, in the hub cache, used before')
  ).action(async (flags: ModelsFlags) => {
    const {runModels} = await import('./models-command.ts')
    exitCode = await runModels(flags, connect, terminal)
  })
  addInspectFlags(
    program
      .command('inspect')
      .description('what of a model is found in its graph, and which lenses that makes available')
  ).action(async (flags: InspectFlags) => {
    const {runInspect} = await import('./inspect-command.ts')
    exitCode = await runInspect(flags, connect, terminal)
  })
  addAttentionFlags(
    program.command('attention').description('what each token looks at, by layer and head')
  ).action(async (flags: AttentionFlags) => {
    const {runAttention} = await import('./attention-command.ts')
    exitCode = await runAttention(flags, connect, terminal)
  })
  addInterveneFlags(
    program
      .command('intervene')
      .description('what would follow with tokens masked, edges cut, heads off or layers left out')
  ).action(async (flags: InterveneFlags) => {
    const {runIntervene} = await import('./intervene-command.ts')
    exitCode = await runIntervene(flags, connect, terminal)
  })
  addAttributeFlags(
    program
      .command('attribute')
      .description('what each token of a context is worth to a token that follows')
  ).action(async (flags: AttributeFlags) => {
    const {runAttribute} = await import('./attribute-command.ts')
    exitCode = await runAttribute(flags, connect, terminal)
  })
  addCriticalFlags(
    program
      .command('critical')
      .description('the token after which a wrong response does not recover')
  ).action(async (flags: CriticalFlags) => {
    const {runCritical} = await import('./critical-command.ts')
    exitCode = await runCritical(flags, connect, terminal)
  })
  addTokenizeFlags(
    program
      .command('tokenize')
      .description('one text as several tokenizers cut it, aligned by bytes and compared')
  ).action(async (flags: TokenizeFlags) => {
    const {runTokenize} = await import('./tokenize-command.ts')
    exitCode = await runTokenize(flags, connect, terminal)
  })
  addVocabularyFlags(
    program.command('vocabulary').description('what vocabularies are made of and what they share')
  ).action(async (flags: VocabularyFlags) => {
    const {runVocabulary} = await import('./vocabulary-command.ts')
    exitCode = await runVocabulary(flags, connect, terminal)
  })
  addTreeFlags(
    program
      .command('tree')
      .description('what else could follow, and what a draft would have guessed')
  ).action(async (flags: TreeFlags) => {
    const {runTree} = await import('./tree-command.ts')
    exitCode = await runTree(flags, connect, terminal)
  })
  addBytesFlags(
    program
      .command('bytes')
      .description('the exact next byte, whatever tokens the text is cut into')
  ).action(async (flags: BytesFlags) => {
    const {runBytes} = await import('./bytes-command.ts')
    exitCode = await runBytes(flags, connect, terminal)
  })
  program
    .command('serve')
    .description('serve the workbench to a browser on this machine')
    .option('--port <n>', 'port to listen on; 0 takes a free one (0)')
    .option('--no-open', 'open no browser')
    .option('--json', 'print {url, port, token} as one line when ready')
    .option(
      '--threads <n>',
      `threads of one model run: ${limitsInBrief(LIMITS.threads)} (as set in the workbench)`
    )
    .action(async () => {
      const {runServe} = await import('../serve.ts')
      exitCode = await runServe(commandArguments.slice(1))
    })
  program
    .command('schema <command>')
    .description("the JSON schema of a command's result")
    .action(async (command: string) => {
      const {runSchema} = await import('./schema-command.ts')
      exitCode = await runSchema(command, terminal)
    })
  try {
    await program.parseAsync([...commandArguments], {from: 'user'})
    return exitCode
  } catch (error) {
    return explain(error, terminal)
  }
}

function commandNames(program: Command): string {
  return program.commands.map((command) => command.name()).join(', ')
}

function unknownCommand(name: string): string {
  if (LATER_COMMANDS.includes(name)) {
    return `${name} does not exist yet; there are ${COMMANDS}`
  }
  return `“${name}” is not a command; there are ${COMMANDS}`
}

/** Prints why a command failed, once and readably; what nobody expected comes with its stack. */
async function explain(error: unknown, terminal: Terminal): Promise<number> {
  if (error instanceof CommanderError) {
    // Help and version end this way too, with 0; everything else commander says is wrong usage.
    return error.exitCode === 0 ? EXIT.done : EXIT.usage
  }
  if (error instanceof UsageError) {
    terminal.printError(`${error.message}\n`)
    return EXIT.usage
  }
  if (terminal.interrupted.aborted) return EXIT.interrupted
  const [{problemOf}, {formatProblem}] = await Promise.all([
    import('../../shared/engine-client/problem-of.ts'),
    import('../../shared/domain/problem.ts'),
  ])
  const problem = problemOf(error)
  if (problem) {
    terminal.printError(`${formatProblem(inFlags(problem))}\n`)
  } else {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
    terminal.printError(`Something went wrong that should not.\n${stack}\n`)
  }
  return EXIT.failed
}

/** A problem whose way out is a flag, said with the flag. */
function inFlags(problem: Problem): Problem {
  if (problem.code !== 'prompt-too-long') return problem
  return {
    ...problem,
    advice:
      'Shorten it, or cut it with --truncate left (keeps the end) or --truncate right (keeps the start).',
  }
}
