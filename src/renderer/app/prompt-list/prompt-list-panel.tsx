import {Menu, MenuItem, MenuTrigger, Popover} from 'react-aria-components'
import {formatCount, formatMany} from '../../../shared/figures/number-format.ts'
import {saveFile} from '../../export/figure-file.ts'
import {useActions, useWorkbench, useWorkbenchState} from '../../lenses/use-workbench.ts'
import {csvOf, jsonOf, tsvOf} from '../../prompts/list-data.ts'
import {
  type ListEntry,
  selectListEntries,
  selectShownEntries,
  summaryOf,
} from '../../store/list-entries.ts'
import {MOST_LIST_GENERATED, selectListOptions} from '../../store/prompt-list.ts'
import type {ListStatus} from '../../store/prompt-list-state.ts'
import {Button} from '../../ui/button.tsx'
import {DownIcon} from '../../ui/icons.tsx'
import {MoreControls, useIsFlat} from '../../ui/more-controls.tsx'
import {GenerationPopover} from '../prompt/generation-popover.tsx'
import {ListScatter} from './list-scatter.tsx'
import {ListCaption, ListReadFrom} from './prompt-list-facts.tsx'
import {PromptListTable} from './prompt-list-table.tsx'

import './prompt-list.css'

/** The prompt list: every row with what came of it, and what can be done with them. */
export function PromptListPanel() {
  const {openImport} = useActions()
  const {entries, shown} = useWorkbenchState((state, {captures}) => ({
    entries: selectListEntries(state, captures),
    shown: selectShownEntries(state, captures),
  }))
  if (entries.length === 0) {
    return (
      <div className="page" data-testid="empty-list">
        <h2>Many prompts at once</h2>
        <p>
          Each becomes a row with its completion, its answer’s probability and its mean surprisal.
          One prompt a line, or blocks between blank lines; CSV and TSV with a column “prompt” and,
          if there are answers, “answer”; JSONL or JSON with {'{"prompt": …, "answer": …}'} or
          “messages”.
        </p>
        <div className="list-start">
          <Button look="primary" onPress={() => openImport()} testId="import-list">
            Paste or load
          </Button>
        </div>
      </div>
    )
  }
  return (
    <div className="prompt-list" data-testid="prompt-list">
      <div className="list-body">
        <ListCaption entries={entries} />
        <PromptListTable entries={shown} total={entries.length} />
        <div className="list-below">
          <ListScatter entries={entries} shown={shown} />
          <ListReadFrom entries={entries} />
        </div>
      </div>
      <ListControls entries={entries} shown={shown} />
    </div>
  )
}

const STATUSES: readonly {readonly value: ListStatus | 'all'; readonly text: string}[] = [
  {value: 'all', text: 'all rows'},
  {value: 'right', text: 'right'},
  {value: 'wrong', text: 'wrong'},
  {value: 'done', text: 'done, not judged'},
  {value: 'stale', text: 'stale'},
  {value: 'failed', text: 'failed'},
  {value: 'waits', text: 'waiting'},
]

interface ListControlsProps {
  readonly entries: readonly ListEntry[]
  readonly shown: readonly ListEntry[]
}

function ListControls({entries, shown}: ListControlsProps) {
  const {actions} = useWorkbench()
  const state = useWorkbenchState((current) => ({
    filter: current.listFilter,
    status: current.listStatus,
    selected: current.listSelected,
    isRunning: current.listJob.kind === 'running',
    canRun: selectListOptions(current) !== null,
    isCapped: current.parameters.generateCount > MOST_LIST_GENERATED,
  }))
  const {counts, doneCount} = summaryOf(entries)
  const missingCount = counts.waits + counts.stale
  const rest = doneCount + counts.failed > 0 ? 'the rest' : 'all'
  const selectedCount = state.selected.size
  const isFlat = useIsFlat()
  const generation = (
    <>
      <GenerationPopover />
      {state.isCapped && (
        <span className="small warn">at most {formatCount(MOST_LIST_GENERATED)} in a list</span>
      )}
    </>
  )
  const importRows = (close?: () => void) => (
    <Button
      look="edge"
      onPress={() => {
        close?.()
        actions.openImport()
      }}
      testId="import-list"
    >
      Paste or load
    </Button>
  )
  const remove = (close?: () => void) => (
    <Button
      look="quiet"
      isDisabled={selectedCount === 0}
      onPress={() => {
        close?.()
        actions.removeListRows(state.selected)
      }}
      testId="remove-rows"
    >
      Remove{selectedCount > 1 ? ` ${formatCount(selectedCount)}` : ''}
    </Button>
  )
  return (
    <section className="controls list-controls" aria-label="Controls of the prompt list">
      {state.isRunning ? (
        <Button look="edge" onPress={actions.cancelList} testId="cancel-list">
          Cancel
        </Button>
      ) : (
        <Button
          look="primary"
          isDisabled={!state.canRun || (missingCount === 0 && counts.failed === 0)}
          onPress={() => actions.runList(missingCount > 0 ? 'missing' : 'failed')}
          testId="run-list"
        >
          {missingCount > 0 || counts.failed === 0
            ? `Run ${rest}${missingCount > 0 ? `, ${formatCount(missingCount)}` : ''}`
            : `Run ${formatCount(counts.failed)} failed again`}
        </Button>
      )}
      {!isFlat && generation}
      <input
        className="field list-filter"
        aria-label="Filter the rows"
        placeholder="Filter"
        spellCheck={false}
        value={state.filter}
        data-testid="list-filter"
        onChange={(event) => actions.changeListView({listFilter: event.target.value})}
      />
      <select
        className="field"
        aria-label="Rows by status"
        value={state.status}
        onChange={(event) =>
          actions.changeListView({listStatus: event.target.value as ListStatus | 'all'})
        }
      >
        {STATUSES.map(({value, text}) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
      {shown.length < entries.length && (
        <span className="ink-2" data-testid="list-hidden">
          hidden {formatCount(entries.length - shown.length)} of {formatCount(entries.length)}
        </span>
      )}
      {isFlat && (
        <MoreControls>
          {(close) => (
            <>
              {generation}
              {importRows(close)}
              {remove(close)}
            </>
          )}
        </MoreControls>
      )}
      <div className="control-ends">
        {!isFlat && importRows()}
        {!isFlat && remove()}
        <ExportMenu shown={shown} />
      </div>
    </section>
  )
}

/** The shown rows as a file or on the clipboard; in the order that is shown. */
function ExportMenu({shown}: {readonly shown: readonly ListEntry[]}) {
  const {notify} = useActions()
  const save = async (name: string, mediaType: string, text: string) => {
    notify(await saveFile({name, mediaType, bytes: new TextEncoder().encode(text)}))
  }
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(tsvOf(shown))
      notify(`copied ${formatMany(shown.length, 'row')}`)
    } catch {
      notify('the browser did not allow copying')
    }
  }
  return (
    <MenuTrigger>
      <Button look="edge" testId="export-list">
        Export <DownIcon />
      </Button>
      <Popover className="popover" placement="top end" offset={4}>
        <Menu className="menu" aria-label="Export the list">
          <MenuItem
            className="menu-item"
            onAction={() => void save('prompt-list.csv', 'text/csv', csvOf(shown))}
          >
            Save as CSV
          </MenuItem>
          <MenuItem
            className="menu-item"
            onAction={() => void save('prompt-list.json', 'application/json', jsonOf(shown))}
          >
            Save as JSON
          </MenuItem>
          <MenuItem className="menu-item" onAction={() => void copy()}>
            Copy as TSV
          </MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  )
}
