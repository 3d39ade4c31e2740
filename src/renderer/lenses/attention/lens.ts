import type {Lens} from '../lens.ts'
import {AttentionExport} from './attention-export.tsx'
import {AttentionInspector} from './attention-inspector.tsx'
import {AttentionPanel} from './attention-panel.tsx'
import {ATTENTION_AXES} from './axes.ts'

export const attentionLens: Lens = {
  id: 'attention',
  title: 'Attention',
  Panel: AttentionPanel,
  Inspector: AttentionInspector,
  ExportDialog: AttentionExport,
  walk: ATTENTION_AXES,
}
