import {formatFixed} from '../../shared/figures/number-format.ts'
import {useActions, useWorkbenchState} from '../lenses/use-workbench.ts'
import {selectMsPerToken, selectShownModel} from '../store/selectors.ts'
import {Button} from '../ui/button.tsx'
import {ThemeIcon} from '../ui/icons.tsx'
import {Hint} from '../ui/tooltip.tsx'
import './top-bar.css'

const THEME_NAMES = {system: 'as the system', light: 'light', dark: 'dark'} as const

/** Name, facts of the model that made what is shown, theme. */
export function TopBar() {
  const {nextTheme} = useActions()
  const facts = useWorkbenchState((state, {captures}) => ({
    ...selectShownModel(state, captures),
    msPerToken: selectMsPerToken(state, captures),
  }))
  const theme = useWorkbenchState((state) => state.preferences.theme)
  return (
    <header className="top-bar">
      <span className="app-name">Tokenscope</span>
      <span className="facts" data-testid="facts">
        {facts.name && (
          <span className="clip" title={`${facts.name} made the numbers that are shown.`}>
            {facts.name}
          </span>
        )}
        {facts.nextName && (
          <span className="clip" title="Chosen at the left: the next Run uses it.">
            next run: {facts.nextName}
          </span>
        )}
        {facts.isTeaching && (
          <span className="teaching clip ink-3">teaching model, synthetic world</span>
        )}
        {facts.msPerToken !== null && (
          <span title="Time of this run in the model, divided by its tokens. Loading is not in it.">
            {formatFixed(facts.msPerToken, 1)} ms per token
          </span>
        )}
        {facts.threads !== null && (
          <span title="Threads of the processor that the model computes with.">
            CPU, {facts.threads} {facts.threads === 1 ? 'thread' : 'threads'}
          </span>
        )}
      </span>
      <span className="grow" />
      <Hint text={`Theme: ${THEME_NAMES[theme]}`} placement="bottom left">
        <Button look="icon" aria-label={`Theme: ${THEME_NAMES[theme]}`} onPress={nextTheme}>
          <ThemeIcon />
        </Button>
      </Hint>
    </header>
  )
}
