import {DRAFT_VIEW} from '../../store/tree-state.ts'
import type {Lens} from '../lens.ts'
import {TREE_AXES} from './axes.ts'
import {TreeExport} from './tree-export.tsx'
import {TreeInspector} from './tree-inspector.tsx'
import {TreePanel} from './tree-panel.tsx'

export const treeLens: Lens = {
  id: 'tree',
  title: 'Tree',
  Panel: TreePanel,
  Inspector: TreeInspector,
  isInspectorFirst: true,
  ExportDialog: TreeExport,
  views: [
    {id: 'tree', title: 'Tree'},
    {id: 'icicle', title: 'Icicle'},
    {id: 'outline', title: 'Outline'},
    {id: DRAFT_VIEW, title: 'Draft'},
  ],
  walk: TREE_AXES,
}
