import {BrowserWindow, nativeTheme} from 'electron'
import type {Pages} from './pages.ts'
import {paperColor} from './window.ts'

/** Draws frames, native menus and what lies behind the page in the theme that the page is drawn in. */
export function followTheme(pages: Pages): void {
  pages.on('theme', ({theme}) => {
    nativeTheme.themeSource = theme
  })
  nativeTheme.on('updated', () => {
    for (const window of BrowserWindow.getAllWindows()) window.setBackgroundColor(paperColor())
  })
}
