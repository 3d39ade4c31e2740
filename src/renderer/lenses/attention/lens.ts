import type {Lens} from '../lens.ts'
import {AttentionInspector} from './attention-inspector.tsx'
import {AttentionPanel} from './attention-panel.tsx'
import {ATTENTION_AXES} from './axes.ts'

export const attentionLens: Lens = {
  id: 'attention',
  title: 'Attention',
  Panel: AttentionPanel,
  Inspector: AttentionInspector,
  walk: ATTENTION_AXES,
}
