import {formatFixed} from '../../shared/figures/number-format.ts'
import {useActions, useWorkbenchState} from '../lenses/use-workbench.ts'
import {selectActiveListing, selectLoaded} from '../store/models.ts'
import {selectMsPerToken} from '../store/selectors.ts'
import {Button} from '../ui/button.tsx'
import {ThemeIcon} from '../ui/icons.tsx'
import {Hint} from '../ui/tooltip.tsx'
import './top-bar.css'

const THEME_NAMES = {system: 'as the system', light: 'light', dark: 'dark'} as const

/** Name, facts of the model that is used, theme. */
export function TopBar() {
  const {nextTheme} = useActions()
  const facts = useWorkbenchState((state, {captures}) => {
    const listing = selectActiveListing(state)
    const model = selectLoaded(state, state.activeModelPath)
    const msPerToken = selectMsPerToken(state, captures)
    return {
      name: listing?.id ?? null,
      isTeaching: listing?.source === 'builtin',
      speed: msPerToken === null ? null : `${formatFixed(msPerToken, 1)} ms per token`,
      device: model ? `CPU, ${model.threads} ${model.threads === 1 ? 'thread' : 'threads'}` : null,
    }
  })
  const theme = useWorkbenchState((state) => state.settings.theme)
  return (
    <header className="top-bar">
      <span className="app-name">Tokenscope</span>
      <span className="facts" data-testid="facts">
        {facts.name && <span>{facts.name}</span>}
        {facts.isTeaching && <span className="ink-3">teaching model, synthetic world</span>}
        {facts.speed && <span>{facts.speed}</span>}
        {facts.device && <span>{facts.device}</span>}
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
