import {useEffect, useRef, useState} from 'react'
import type {Problem} from '../../../shared/domain/problem.ts'
import {problemOf} from '../../../shared/engine-client/problem-of.ts'
import {formatCount} from '../../../shared/figures/number-format.ts'
import type {
  ColumnChoice,
  ListFormat,
  ParseChoices,
  ParsedList,
} from '../../../shared/prompts/parsed-list.ts'
import {useActions, useWorkbenchState} from '../../lenses/use-workbench.ts'
import {sourceOf} from '../../prompts/list-source.ts'
import {MOST_LIST_ROWS} from '../../store/prompt-list.ts'
import {Button} from '../../ui/button.tsx'
import {Check} from '../../ui/check.tsx'
import {Choice} from '../../ui/choice.tsx'
import {Dialog} from '../../ui/dialog.tsx'
import {type ListReader, openListSource} from '../../workers/parse-list.ts'
import {ListPreview} from './prompt-list-preview.tsx'

const FORMATS: readonly {readonly value: ListFormat; readonly text: string}[] = [
  {value: 'lines', text: 'One a line'},
  {value: 'paragraphs', text: 'Blank lines between'},
  {value: 'csv', text: 'CSV'},
  {value: 'jsonl', text: 'JSONL'},
  {value: 'json', text: 'JSON'},
]
/** A longer text is not put into the text area, but read as it is. */
const MOST_TYPED_CHARS = 200_000
const TYPING_MS = 200
const PASTED = 'pasted text'

/** Pastes or loads many prompts: shows what was understood before anything is imported. */
export function ListImportDialog() {
  const isOpen = useWorkbenchState((state) => state.dialog === 'import-prompts')
  const {closeDialog} = useActions()
  return (
    <Dialog
      title="Paste or load prompts"
      isOpen={isOpen}
      onClose={closeDialog}
      widthPx={760}
      testId="import-dialog"
    >
      {isOpen && <ImportForm />}
    </Dialog>
  )
}

interface ReadState {
  readonly list: ParsedList | null
  readonly problem: Problem | null
  readonly isReading: boolean
}

const NOTHING_READ: ReadState = {list: null, problem: null, isReading: false}

/** A source that is read again whenever the way of reading it changes. */
function useListReader() {
  const [choices, setChoices] = useState<ParseChoices>({})
  const [name, setName] = useState<string | null>(null)
  const [read, setRead] = useState<ReadState>(NOTHING_READ)
  const reader = useRef<ListReader | null>(null)
  useEffect(() => () => reader.current?.close(), [])

  const fail = (error: unknown) => {
    const problem = problemOf(error)
    if (!problem) throw error
    setRead({list: null, problem, isReading: false})
  }
  const parse = async (wanted: ParseChoices) => {
    const own = reader.current
    if (!own) return
    setRead((before) => ({...before, isReading: true}))
    try {
      const list = await own.parse(wanted)
      if (reader.current === own) setRead({list, problem: null, isReading: false})
    } catch (error) {
      if (reader.current === own) fail(error)
    }
  }
  return {
    name,
    choices,
    ...read,
    open(content: string | File, sourceName: string) {
      reader.current?.close()
      reader.current = null
      setName(sourceName)
      setChoices({})
      if (content === '') {
        setRead(NOTHING_READ)
        return
      }
      try {
        reader.current = openListSource(content, sourceName)
        void parse({})
      } catch (error) {
        fail(error)
      }
    },
    choose(change: ParseChoices) {
      const wanted = {...choices, ...change}
      setChoices(wanted)
      void parse(wanted)
    },
    clear() {
      reader.current?.close()
      reader.current = null
      setName(null)
      setRead(NOTHING_READ)
    },
  }
}

function ImportForm() {
  const {importList, closeDialog} = useActions()
  const {rowCount, source} = useWorkbenchState((state) => ({
    rowCount: state.listRows.length,
    source: state.importSource,
  }))
  const reader = useListReader()
  const {list, problem, isReading, name} = reader
  const [typed, setTyped] = useState('')
  const [isDropping, setIsDropping] = useState(false)
  const file = useRef<HTMLInputElement>(null)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  // biome-ignore lint/correctness/useExhaustiveDependencies: it begins with the source, once.
  useEffect(() => {
    if (source) reader.open(source.text, source.name)
  }, [source])

  const type = (text: string) => {
    setTyped(text)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => reader.open(text, PASTED), TYPING_MS)
  }
  const take = (content: string | File, sourceName: string) => {
    clearTimeout(timer.current)
    setTyped('')
    reader.open(content, sourceName)
  }
  const finish = (isReplacing: boolean) => {
    if (!list) return
    importList({rows: list.rows, source: sourceOf(list, name ?? PASTED), isReplacing})
    closeDialog()
  }
  const room = MOST_LIST_ROWS - rowCount
  const isSource = name !== null && typed === ''
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it takes what is dropped on the dialog.
    <div
      className={`import-form ${isDropping ? 'dropping' : ''}`}
      onDragOver={(event) => {
        event.preventDefault()
        event.stopPropagation()
        setIsDropping(true)
      }}
      onDragLeave={() => setIsDropping(false)}
      onDrop={(event) => {
        const [dropped] = event.dataTransfer.files
        setIsDropping(false)
        if (!dropped) return
        event.preventDefault()
        event.stopPropagation()
        take(dropped, dropped.name)
      }}
    >
      <div className="import-body">
        <div className="import-source">
          {isSource ? (
            <div className="import-name">
              <span className="clip">
                Read from <b>{name}</b>
              </span>
              <Button look="plain" onPress={reader.clear}>
                Paste something else
              </Button>
            </div>
          ) : (
            <textarea
              // biome-ignore lint/a11y/noAutofocus: the dialog is for what is pasted here.
              autoFocus
              className="prompt-text import-text"
              aria-label="Prompts"
              placeholder="Paste prompts here, or drop a file"
              spellCheck={false}
              value={typed}
              data-testid="import-text"
              onChange={(event) => type(event.target.value)}
              onPaste={(event) => {
                const text = event.clipboardData.getData('text/plain')
                if (text.length <= MOST_TYPED_CHARS) return
                event.preventDefault()
                take(text, PASTED)
              }}
            />
          )}
          <Button look="edge" onPress={() => file.current?.click()} testId="import-file">
            Choose a file
          </Button>
          <input
            ref={file}
            type="file"
            hidden
            accept=".txt,.csv,.tsv,.jsonl,.ndjson,.md,text/*"
            data-testid="import-input"
            onChange={(event) => {
              const [chosen] = event.target.files ?? []
              event.target.value = ''
              if (chosen) take(chosen, chosen.name)
            }}
          />
        </div>
        {problem && <ImportProblem problem={problem} />}
        {isReading && !list && <div className="ink-2">Reading…</div>}
        {list && (
          <>
            <ImportOptions list={list} onChange={reader.choose} />
            <ListPreview list={list} room={room} />
          </>
        )}
      </div>
      <div className="dialog-foot">
        <span className="ink-3 small">
          At most {formatCount(MOST_LIST_ROWS)} prompts and 50 MB. Duplicates are kept.
        </span>
        <span className="grow" />
        {rowCount > 0 && (
          <Button
            look="edge"
            isDisabled={!list || list.rows.length === 0}
            onPress={() => finish(true)}
            testId="import-replace"
          >
            Replace the list
          </Button>
        )}
        <Button
          look="primary"
          isDisabled={!list || list.rows.length === 0 || room === 0}
          onPress={() => finish(false)}
          testId="import-add"
        >
          {addText(list ? Math.min(room, list.rows.length) : 0)}
        </Button>
      </div>
    </div>
  )
}

function addText(count: number): string {
  if (count === 0) return 'Add prompts'
  return count === 1 ? 'Add 1 prompt' : `Add ${formatCount(count)} prompts`
}

function ImportProblem({problem}: {readonly problem: Problem}) {
  return (
    <div className="import-problem" role="alert" data-code={problem.code}>
      <b>{problem.message}</b>
      <div>
        {problem.file}: found {problem.found}, expected {problem.expected}.
      </div>
      <div>{problem.advice}</div>
    </div>
  )
}

interface ImportOptionsProps {
  readonly list: ParsedList
  readonly onChange: (change: ParseChoices) => void
}

function ImportOptions({list, onChange}: ImportOptionsProps) {
  const {columns, columnNames} = list
  return (
    <div className="import-options">
      <Choice
        label="Read as"
        value={list.format}
        options={FORMATS}
        // Columns of another way of reading mean nothing.
        onChange={(format) => onChange({format, columns: undefined, hasHeader: undefined})}
      />
      {columns && (
        <>
          <Check
            isOn={list.hasHeader}
            onChange={(hasHeader) => onChange({hasHeader, columns: undefined})}
          >
            first line names the columns
          </Check>
          {(['prompt', 'answer', 'response', 'system'] as const).map((part) => (
            <label key={part} className="import-column">
              {part}
              <select
                className="field"
                value={columns[part] ?? ''}
                data-testid={`column-${part}`}
                onChange={(event) => {
                  const chosen = event.target.value === '' ? null : Number(event.target.value)
                  const wanted: ColumnChoice = {...columns, [part]: chosen}
                  onChange({columns: wanted})
                }}
              >
                <option value="">none</option>
                {columnNames.map((columnName, i) => (
                  <option key={`${i} ${columnName}`} value={i}>
                    {columnName}
                  </option>
                ))}
              </select>
            </label>
          ))}
        </>
      )}
    </div>
  )
}
