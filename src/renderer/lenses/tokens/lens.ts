import type {Lens} from '../lens.ts'
import {TABLE_VIEW} from './is-table-shown.ts'
import {TokensPanel} from './tokens-panel.tsx'

export const tokensLens: Lens = {
  id: 'tokens',
  title: 'Tokens',
  Panel: TokensPanel,
  views: [
    {id: 'figure', title: 'Figure'},
    {id: TABLE_VIEW, title: 'Table'},
  ],
}
