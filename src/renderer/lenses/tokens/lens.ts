import {LOGIT_LENS_VIEW} from '../../store/logit-lens.ts'
import type {Lens} from '../lens.ts'
import {TABLE_VIEW} from './is-table-shown.ts'
import {LAYER_AXIS} from './layer-axis.ts'
import {TokensPanel} from './tokens-panel.tsx'

export const tokensLens: Lens = {
  id: 'tokens',
  title: 'Tokens',
  Panel: TokensPanel,
  views: [
    {id: 'figure', title: 'Figure'},
    {id: TABLE_VIEW, title: 'Table'},
    {id: LOGIT_LENS_VIEW, title: 'Logit lens'},
  ],
  walk: [LAYER_AXIS],
}
