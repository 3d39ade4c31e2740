import {TOKENIZERS_LENS} from '../../store/tokenizers-state.ts'
import type {Lens} from '../lens.ts'
import {TokenizeExport} from './tokenize-export.tsx'
import {TokenizeInspector} from './tokenize-inspector.tsx'
import {TokenizePanel} from './tokenize-panel.tsx'
import {ALIGNED_VIEW, LANGUAGES_VIEW, NUMBERS_VIEW, TABLE_VIEW, VOCABULARY_VIEW} from './views.ts'

export const tokenizeLens: Lens = {
  id: TOKENIZERS_LENS,
  title: 'Tokenizers',
  Panel: TokenizePanel,
  needsNoRun: true,
  WholeInspector: TokenizeInspector,
  ExportDialog: TokenizeExport,
  views: [
    {id: ALIGNED_VIEW, title: 'Aligned'},
    {id: TABLE_VIEW, title: 'Table'},
    {id: LANGUAGES_VIEW, title: 'Languages'},
    {id: VOCABULARY_VIEW, title: 'Vocabulary'},
    {id: NUMBERS_VIEW, title: 'Numbers'},
  ],
}
