import {LENSES} from '../lenses/registry.ts'
import {ATTENTION_DATA} from './attention-copies.ts'
import {ATTENTION_GRAPH} from './attention-graph.ts'
import {ATTENTION_LABELS} from './attention-labels.ts'
import {ATTENTION_SIMILAR} from './attention-similar.ts'
import {ATTENTION_TESTS} from './attention-tests.ts'
import {ATTENTION_VIEWS} from './attention-views.ts'
import {attributeAgain, explainNext, explainToken, putTokensBack} from './attribution.ts'
import {
  darkTheme,
  largerText,
  lightTheme,
  resetPreferences,
  smallerText,
  systemTheme,
} from './change-preferences.ts'
import type {Command} from './command.ts'
import {criticalAgain, sampleWrong} from './critical.ts'
import {clearSpans, extendDown, extendLeft, extendRight, extendUp, keepSpan} from './draw-spans.ts'
import {exportFigure} from './export-figure.ts'
import {generate} from './generate.ts'
import {goBack, goForward} from './go-back.ts'
import {nextView} from './lens-views.ts'
import {inspectModel, openModelCard, reloadModel, unloadModel} from './models.ts'
import {openDefinitions, openLog, openPalette, openSettings, openShortcuts} from './open-dialogs.ts'
import {openFolder} from './open-folder.ts'
import {
  equalPanes,
  goToFirstPane,
  goToSecondPane,
  nextLens,
  nextPart,
  previousLens,
  previousPart,
  swapPanes,
  toggleInspector,
  toggleLeftPane,
  toggleSplit,
} from './panes.ts'
import {clearPins, pairToken, pinToken} from './pin-tokens.ts'
import {
  cancelPromptList,
  clearPromptList,
  findInPrompt,
  importPrompts,
  jumpToToken,
  runPromptList,
  showPromptList,
  toggleChat,
} from './prompts.ts'
import {RECENT_FILES} from './recent-files.ts'
import {runPrompt} from './run-prompt.ts'
import {cancelJob, clearHistory, runAgain, showSamples} from './runs.ts'
import {
  copyCommand,
  copyDesktopLink,
  copyJson,
  copyLensTsv,
  copyLinkCommand,
  copyNextTsv,
  copyPaneTsv,
  copyPython,
  copyTsv,
  openFile,
  openLink,
} from './sharing.ts'
import {chooseUnit, nextUnit, SHOW_BY} from './text-units.ts'
import {openCard} from './token-card.ts'
import {TREE_COMMANDS} from './tree-nodes.ts'
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
  openFile,
  ...RECENT_FILES,
  openLink,
  copyLinkCommand,
  copyDesktopLink,
  importPrompts,
  exportFigure,
  openSettings,
  // edit
  undo,
  redo,
  copyCommand,
  copyPaneTsv,
  copyTsv,
  copyNextTsv,
  copyLensTsv,
  copyJson,
  copyPython,
  ...ATTENTION_DATA,
  ...ATTENTION_LABELS,
  pinToken,
  pairToken,
  clearPins,
  extendRight,
  extendLeft,
  extendDown,
  extendUp,
  keepSpan,
  clearSpans,
  putTokensBack,
  findInPrompt,
  toggleChat,
  clearPromptList,
  clearHistory,
  resetPreferences,
  // view
  nextView,
  openCard,
  chooseUnit,
  nextUnit,
  ...SHOW_BY,
  lightTheme,
  darkTheme,
  systemTheme,
  largerText,
  smallerText,
  showSamples,
  showPromptList,
  toggleSplit,
  swapPanes,
  equalPanes,
  toggleLeftPane,
  toggleInspector,
  // go
  goBack,
  goForward,
  jumpToToken,
  goToFirstPane,
  goToSecondPane,
  nextLens,
  previousLens,
  nextPart,
  previousPart,
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
  runPromptList,
  cancelPromptList,
  generate,
  ...ATTENTION_TESTS,
  ...TREE_COMMANDS,
  ...ATTENTION_VIEWS,
  ...ATTENTION_GRAPH,
  ...ATTENTION_SIMILAR,
  explainToken,
  explainNext,
  criticalAgain,
  sampleWrong,
  attributeAgain,
  runAgain,
  cancelJob,
  reloadModel,
  unloadModel,
  // help
  openPalette,
  openShortcuts,
  openDefinitions,
  openModelCard,
  inspectModel,
  openLog,
]
