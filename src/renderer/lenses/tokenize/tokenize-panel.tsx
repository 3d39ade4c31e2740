import {TOKENIZE_GUARD, tokenizeCaption} from '../../../shared/figures/tokenize/caption.ts'
import {tokenizeSampleCaption} from '../../../shared/samples/tokenize-samples.ts'
import {selectPane} from '../../store/panes.ts'
import {HintArea} from '../../ui/hint-area.tsx'
import {CaptionText} from '../caption-text.tsx'
import {usePaneIndex} from '../use-pane.ts'
import {useWorkbenchState} from '../use-workbench.ts'
import {AlignedView} from './aligned-view.tsx'
import {ComparisonWait} from './comparison-wait.tsx'
import {LanguagesView} from './languages-view.tsx'
import {MetricsTables} from './metrics-tables.tsx'
import {NumbersView} from './numbers-view.tsx'
import {TokenTableView} from './token-table-view.tsx'
import {TokenizeControls} from './tokenize-controls.tsx'
import {useColumns, useCompared} from './use-compared.ts'
import {ALIGNED_VIEW, LANGUAGES_VIEW, NUMBERS_VIEW, TABLE_VIEW, VOCABULARY_VIEW} from './views.ts'
import {VocabularyView} from './vocabulary-view.tsx'
import '../lens-panel.css'
import './tokenize-panel.css'
import './tokenize-views.css'

/** The tokenizers lens: one text as any number of tokenizers cut it. */
export function TokenizePanel() {
  const pane = usePaneIndex()
  const view = useWorkbenchState((state) => selectPane(state, pane).view ?? ALIGNED_VIEW)
  return (
    <div className="tokens-panel tokenize-panel">
      <div className="panel-body">
        <Body view={view} />
      </div>
      <TokenizeControls />
    </div>
  )
}

function Body({view}: {readonly view: string}) {
  switch (view) {
    case LANGUAGES_VIEW:
      return <LanguagesView />
    case VOCABULARY_VIEW:
      return <VocabularyView />
    case NUMBERS_VIEW:
      return <NumbersView />
    default:
      return <ComparedBody isTable={view === TABLE_VIEW} />
  }
}

/** The compared text, aligned or as a table, over what is counted of it. */
function ComparedBody({isTable}: {readonly isTable: boolean}) {
  const compared = useCompared()
  const columns = useColumns(compared)
  return (
    <>
      <div className="figure-words">
        <div className="caption" data-testid="caption">
          {compared && columns && compared.pending.length === 0 ? (
            <CaptionText
              parts={
                tokenizeSampleCaption(compared.summary.text, columns) ??
                tokenizeCaption(compared.summary, columns)
              }
            />
          ) : (
            'One text as several tokenizers cut it, aligned by bytes.'
          )}
        </div>
        <div className="guard">{TOKENIZE_GUARD}</div>
      </div>
      <div className="figure tokenize-figure">
        {compared && columns ? (
          <HintArea>
            {isTable ? (
              <TokenTableView compared={compared} columns={columns} />
            ) : (
              <AlignedView compared={compared} columns={columns} />
            )}
            <MetricsTables compared={compared} hasAll={isTable} />
          </HintArea>
        ) : null}
        <ComparisonWait isBeside={compared !== null} />
      </div>
    </>
  )
}
