import {formatFixed, formatMany} from '../../shared/figures/number-format.ts'
import type {Command} from '../commands/command.ts'
import {goBack, goForward} from '../commands/go-back.ts'
import {openPalette, openSettings} from '../commands/open-dialogs.ts'
import {useActions, useWorkbench, useWorkbenchState} from '../lenses/use-workbench.ts'
import {selectMsPerToken, selectShownModel} from '../store/selectors.ts'
import {Button} from '../ui/button.tsx'
import {HintArea} from '../ui/hint-area.tsx'
import {BackIcon, ForwardIcon, SettingsIcon, ThemeIcon} from '../ui/icons.tsx'
import {shortcutText} from '../ui/shortcut.ts'
import {Hint} from '../ui/tooltip.tsx'
import './top-bar.css'

const THEME_NAMES = {system: 'as the system', light: 'light', dark: 'dark'} as const

/** Name, Back and Forward, facts of the model that made what is shown, palette, settings, theme. */
export function TopBar() {
  const workbench = useWorkbench()
  const {nextTheme} = useActions()
  const theme = useWorkbenchState((state) => state.preferences.theme)
  return (
    <header className="top-bar">
      <h1 className="app-name">Tokenscope</h1>
      <span className="top-walk">
        <CommandButton command={goBack} title="Back">
          <BackIcon />
        </CommandButton>
        <CommandButton command={goForward} title="Forward">
          <ForwardIcon />
        </CommandButton>
      </span>
      <HintArea>
        <Facts />
      </HintArea>
      <span className="grow" />
      <Button
        look="filled"
        className="find-command"
        onPress={() => openPalette.run(workbench)}
        testId="find-command"
      >
        Find a command <kbd>{shortcutText(openPalette.shortcut)}</kbd>
      </Button>
      <span className="top-walk">
        <CommandButton command={openSettings} title="Settings">
          <SettingsIcon />
        </CommandButton>
        <Hint text={`Theme: ${THEME_NAMES[theme]}.`} placement="bottom right">
          <Button look="icon" aria-label={`Theme: ${THEME_NAMES[theme]}`} onPress={nextTheme}>
            <ThemeIcon />
          </Button>
        </Hint>
      </span>
    </header>
  )
}

interface CommandButtonProps {
  readonly command: Command
  readonly title: string
  readonly children: React.ReactElement
}

/** An icon for a command; it says its name and key when it is pointed at. */
function CommandButton({command, title, children}: CommandButtonProps) {
  const workbench = useWorkbench()
  const canRun = useWorkbenchState((state) => command.when(state, workbench))
  const keys = shortcutText(command.shortcut) || shortcutText(command.otherShortcuts?.[0])
  return (
    <Hint text={`${title}, ${keys}.`}>
      <Button
        look="icon"
        aria-label={title}
        isDisabled={!canRun}
        onPress={() => command.run(workbench)}
        testId={command.id}
      >
        {children}
      </Button>
    </Hint>
  )
}

function Facts() {
  const facts = useWorkbenchState((state, {captures}) => ({
    ...selectShownModel(state, captures),
    msPerToken: selectMsPerToken(state, captures),
  }))
  return (
    <span className="facts" data-testid="facts" data-hint-under>
      {facts.name && (
        <span
          className="model-name clip"
          data-hint={`${facts.name} made the numbers that are shown.`}
        >
          {facts.name}
        </span>
      )}
      {facts.nextName && (
        <span
          className="next-model clip"
          data-hint={`${facts.nextName}, chosen at the left: the next Run uses it.`}
        >
          next run: {facts.nextName}
        </span>
      )}
      {facts.isTeaching && (
        <span
          className="teaching clip ink-3"
          data-hint="Trained on a synthetic world: shows how the lenses work, not how large models behave."
        >
          teaching model, synthetic world
        </span>
      )}
      {facts.msPerToken !== null && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: its definition is to be read by keyboard.
        <span className="speed" data-hint="ms-per-token" tabIndex={0}>
          {formatFixed(facts.msPerToken, 1)} ms per token
        </span>
      )}
      {facts.threads !== null && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: its definition is to be read by keyboard.
        <span className="speed" data-hint="threads" tabIndex={0}>
          CPU, {formatMany(facts.threads, 'thread')}
        </span>
      )}
    </span>
  )
}
