import {
  ATTRIBUTION_LENS,
  COMPARE_VIEW,
  HEAT_MAP_VIEW,
  REPLACE_VIEW,
  VALUES_VIEW,
} from '../../store/attribution-state.ts'
import type {Lens} from '../lens.ts'
import {AttributionExport} from './attribution-export.tsx'
import {AttributionInspector} from './attribution-inspector.tsx'
import {AttributionPanel} from './attribution-panel.tsx'
import {attributionTrack} from './strip-track.ts'

export const attributionLens: Lens = {
  id: ATTRIBUTION_LENS,
  title: 'Attribution',
  Panel: AttributionPanel,
  Inspector: AttributionInspector,
  ExportDialog: AttributionExport,
  track: attributionTrack,
  views: [
    {id: 'bars', title: 'Bars'},
    {id: HEAT_MAP_VIEW, title: 'Heat map'},
    {id: COMPARE_VIEW, title: 'Compare'},
    {id: REPLACE_VIEW, title: 'Replace'},
    {id: VALUES_VIEW, title: 'Table'},
  ],
}
