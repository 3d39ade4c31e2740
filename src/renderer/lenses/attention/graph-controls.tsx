import {graphShareOf} from '../../../shared/figures/attention/graph-layout.ts'
import {
  FORM_WORDS,
  type ImportanceForm,
  shareText,
} from '../../../shared/figures/attention/graph-words.ts'
import {MOST_EDGES_PER_LAYER} from '../../store/attention-graph.ts'
import {IMPORTANCE_FORMS} from '../../store/attention-importance.ts'
import {MenuChoice} from '../../ui/menu-choice.tsx'
import {NumberInput} from '../../ui/number-input.tsx'
import {SliderField} from '../../ui/slider-field.tsx'
import {usePaneSuffix} from '../use-pane.ts'
import {useActions, useWorkbenchState} from '../use-workbench.ts'
import {ControlEnds} from './control-ends.tsx'
import {FiltersMenu} from './filters-menu.tsx'
import {useShownGraph} from './use-graph.ts'

const NOTES: Readonly<Record<ImportanceForm, string>> = {
  'position-corrected': 'PageRank, ours: 1 is position alone',
  plain: 'PageRank, dominated by position',
  'drop-sink': 'PageRank, dominated by position',
  damped: 'PageRank, dominated by position',
  'attention-rollout': 'of the selected token',
  'attention-flow': 'of the selected token',
}

/** One line under the graph: which importance, how many lines a layer, and what that and the filters hide. */
export function GraphControls() {
  const suffix = usePaneSuffix()
  const shown = useShownGraph()
  const {chooseImportance, changeGraphEdges, changeAttentionFilters} = useActions()
  const {form, edgesPerLayer, filters} = useWorkbenchState((state) => ({
    form: state.graphImportance,
    edgesPerLayer: state.graphEdgesPerLayer,
    filters: state.attentionFilters,
  }))
  const share = shown?.graph && graphShareOf(shown.graph, shown.window, edgesPerLayer)
  return (
    <section className="controls" aria-label={`Controls${suffix}`}>
      <MenuChoice
        label="Importance"
        value={form}
        options={IMPORTANCE_FORMS.map((value) => ({
          value,
          text: FORM_WORDS[value].title,
          note: NOTES[value],
        }))}
        onChange={chooseImportance}
        testId="importance"
      />
      <SliderField
        label="edges a layer"
        shortLabel="edges"
        value={edgesPerLayer}
        onChange={changeGraphEdges}
        minimum={1}
        maximum={MOST_EDGES_PER_LAYER}
        step={1}
        fieldMinimum={1}
        fieldMaximum={MOST_EDGES_PER_LAYER}
        format={String}
        testId="edges"
      />
      <span className="ink-3 graph-share" data-testid="graph-share">
        {share ? shareText(share) : ''}
      </span>
      <span className="control-pair">
        <span aria-hidden="true">mass</span>
        <NumberInput
          label="mass, number"
          value={Math.round(filters.mass * 100)}
          onChange={(mass) => changeAttentionFilters({mass: mass / 100})}
          minimum={1}
          maximum={100}
          step={5}
          format={(value) => `${value} %`}
          widthPx={50}
        />
      </span>
      <FiltersMenu hasRanges={false} />
      <ControlEnds />
    </section>
  )
}
