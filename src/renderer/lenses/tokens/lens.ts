import type {Lens} from '../lens.ts'
import {TokensPanel} from './tokens-panel.tsx'
import {TokensViews} from './views.tsx'

export const tokensLens: Lens = {
  id: 'tokens',
  title: 'Tokens',
  Panel: TokensPanel,
  Views: TokensViews,
}
