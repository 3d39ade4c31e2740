import {LENSES} from '../lenses/registry.ts'
import {
  darkTheme,
  largerText,
  lightTheme,
  resetPreferences,
  smallerText,
  systemTheme,
} from './change-preferences.ts'
import type {Command} from './command.ts'
import {exportFigure} from './export-figure.ts'
import {generate} from './generate.ts'
import {goBack, goForward} from './go-back.ts'
import {reloadModel, unloadModel} from './models.ts'
import {openDefinitions, openLog, openPalette, openSettings, openShortcuts} from './open-dialogs.ts'
import {openFolder} from './open-folder.ts'
import {runPrompt} from './run-prompt.ts'
import {cancelJob, clearHistory, runAgain, showSamples} from './runs.ts'
import {redo, undo} from './undo.ts'
import {walkCommandsOf} from './walk-axes.ts'
import {
  firstToken,
  lastToken,
  nextToken,
  pageDown,
  pageUp,
  previousToken,
  releaseToken,
  tokenAbove,
  tokenBelow,
} from './walk-tokens.ts'

/** Every command; keys, palette, menus, shortcut sheet and buttons read this list. */
export const COMMANDS: readonly Command[] = [
  // file
  openFolder,
  exportFigure,
  openSettings,
  // edit
  undo,
  redo,
  clearHistory,
  resetPreferences,
  // view
  lightTheme,
  darkTheme,
  systemTheme,
  largerText,
  smallerText,
  showSamples,
  // go
  goBack,
  goForward,
  nextToken,
  previousToken,
  tokenBelow,
  tokenAbove,
  firstToken,
  lastToken,
  pageDown,
  pageUp,
  releaseToken,
  ...walkCommandsOf(LENSES),
  // run
  runPrompt,
  generate,
  runAgain,
  cancelJob,
  reloadModel,
  unloadModel,
  // help
  openPalette,
  openShortcuts,
  openDefinitions,
  openLog,
]
