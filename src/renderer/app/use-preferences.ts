import {useEffect} from 'react'
import {DEFAULT_PREFERENCES} from '../../shared/domain/preferences.ts'
import {useTheme} from '../lenses/use-theme.ts'
import {useWorkbenchState} from '../lenses/use-workbench.ts'

/** Draws the page as the preferences say, from the next frame on. */
export function usePreferences(): void {
  const theme = useTheme()
  const {colors, tokenFont, textSizePx} = useWorkbenchState((state) => state.preferences)
  useEffect(() => {
    const {dataset, style} = document.documentElement
    dataset.theme = theme
    dataset.colors = colors
    dataset.tokenFont = tokenFont
    style.setProperty('--text-zoom', String(textSizePx / DEFAULT_PREFERENCES.textSizePx))
  }, [theme, colors, tokenFont, textSizePx])
}
