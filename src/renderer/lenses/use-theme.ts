import {type Palette, paletteOf} from '../../shared/figures/palette.ts'
import {useMedia} from '../ui/use-size.ts'
import {useWorkbenchState} from './use-workbench.ts'

/** The theme that is drawn: the chosen one, or the system's. */
export function useTheme(): 'light' | 'dark' {
  const choice = useWorkbenchState((state) => state.preferences.theme)
  const isDarkSystem = useMedia('(prefers-color-scheme: dark)')
  return choice === 'system' ? (isDarkSystem ? 'dark' : 'light') : choice
}

/** The colours that figures are drawn with on the page. */
export function usePalette(): Palette {
  const theme = useTheme()
  return paletteOf(
    theme,
    useWorkbenchState((state) => state.preferences.colors)
  )
}
