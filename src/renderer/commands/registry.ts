import type {Command} from './command.ts'
import {exportFigure} from './export-figure.ts'
import {generate} from './generate.ts'
import {openFolder} from './open-folder.ts'
import {runPrompt} from './run-prompt.ts'
import {redo, undo} from './undo.ts'
import {firstToken, lastToken, nextToken, previousToken, releaseToken} from './walk-tokens.ts'

/** Every command; keys and buttons read this list. */
export const COMMANDS: readonly Command[] = [
  runPrompt,
  generate,
  exportFigure,
  openFolder,
  nextToken,
  previousToken,
  firstToken,
  lastToken,
  releaseToken,
  undo,
  redo,
]
