import type {Lens} from '../lens.ts'
import {AttentionExport} from './attention-export.tsx'
import {AttentionInspector} from './attention-inspector.tsx'
import {AttentionPanel} from './attention-panel.tsx'
import {ATTENTION_AXES} from './axes.ts'
import {
  GRAPH_VIEW,
  HEADS_VIEW,
  LINES_VIEW,
  OVERVIEW_VIEW,
  PRUNE_VIEW,
  TEST_VIEW,
  TWO_HEADS_VIEW,
} from './views.ts'

export const attentionLens: Lens = {
  id: 'attention',
  title: 'Attention',
  Panel: AttentionPanel,
  Inspector: AttentionInspector,
  ExportDialog: AttentionExport,
  views: [
    {id: 'matrix', title: 'Matrix'},
    {id: LINES_VIEW, title: 'Lines'},
    {id: OVERVIEW_VIEW, title: 'Overview'},
    {id: TWO_HEADS_VIEW, title: 'Two heads'},
    {id: GRAPH_VIEW, title: 'Graph'},
    {id: PRUNE_VIEW, title: 'Pruning'},
    {id: HEADS_VIEW, title: 'Heads'},
    {id: TEST_VIEW, title: 'Test'},
  ],
  walk: ATTENTION_AXES,
}
