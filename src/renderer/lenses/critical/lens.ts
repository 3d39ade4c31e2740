import {
  CRITICAL_LENS,
  DATASET_VIEW,
  RESPONSES_VIEW,
  SCORES_VIEW,
} from '../../store/critical-state.ts'
import type {Lens} from '../lens.ts'
import {CriticalExport} from './critical-export.tsx'
import {CriticalInspector} from './critical-inspector.tsx'
import {CriticalPanel} from './critical-panel.tsx'
import {criticalTrack} from './strip-track.ts'

export const criticalLens: Lens = {
  id: CRITICAL_LENS,
  title: 'Critical',
  Panel: CriticalPanel,
  Inspector: CriticalInspector,
  ExportDialog: CriticalExport,
  track: criticalTrack,
  isInspectorFirst: true,
  views: [
    {id: 'response', title: 'Response'},
    {id: RESPONSES_VIEW, title: 'Many'},
    {id: DATASET_VIEW, title: 'Data set'},
    {id: SCORES_VIEW, title: 'Table'},
  ],
}
