import {DialogTrigger, ListBox, ListBoxItem, Popover} from 'react-aria-components'
import {formatMany} from '../../shared/figures/number-format.ts'
import type {UnitKind} from '../../shared/units/unit-choice.ts'
import {UNIT_NAMES} from '../../shared/units/unit-words.ts'
import {selectRunData} from '../store/selectors.ts'
import {selectDrawnSpans} from '../store/unit.ts'
import {Button} from '../ui/button.tsx'
import {HintArea} from '../ui/hint-area.tsx'
import {DownIcon} from '../ui/icons.tsx'
import {RegexEditor} from './regex-editor.tsx'
import {SpansEditor} from './spans-editor.tsx'
import {choiceOfKind, UNIT_CHOICES, unitLabel} from './unit-names.ts'
import {usePaneIndex, usePaneRunId} from './use-pane.ts'
import {useActions, useWorkbenchState} from './use-workbench.ts'
import './unit-control.css'

/** The text unit that every lens shows its scores by. One control, in the controls line of each lens. */
export function UnitControl() {
  const runId = usePaneRunId()
  const pane = usePaneIndex()
  const {openUnitEditor, closeUnitEditor} = useActions()
  const {unit, isOpen, spanCount, matchCount, hasProblem} = useWorkbenchState((state) => {
    const match = runId === null ? undefined : state.matches[runId]
    const resolved = match?.resolved
    return {
      unit: state.unit,
      isOpen: state.unitEditor === pane,
      spanCount: selectDrawnSpans(state, runId).length,
      matchCount: resolved?.kind === 'regex' && !match?.problem ? resolved.spans.length : null,
      hasProblem: state.unit.kind === 'regex' && Boolean(match?.problem),
    }
  })
  const label = unitLabel(unit, spanCount)
  const note =
    unit.kind !== 'regex' || unit.source === ''
      ? ''
      : hasProblem
        ? 'cannot be used'
        : matchCount === null
          ? ''
          : formatMany(matchCount, 'match', 'matches')
  return (
    <div className="control-pair unit-control">
      <span className="control-label">by</span>
      <DialogTrigger
        isOpen={isOpen}
        onOpenChange={(open) => (open ? openUnitEditor(pane) : closeUnitEditor())}
      >
        <Button
          look="filled"
          testId="unit"
          aria-label={`Text unit: ${label}${note ? `, ${note}` : ''}`}
        >
          {unit.kind === 'regex' && unit.source !== '' ? (
            <span className="mono clip unit-source" data-hint={`/${unit.source}/${unit.flags}`}>
              {label}
            </span>
          ) : (
            <span>{label}</span>
          )}
          {note && <span className={`unit-note ${hasProblem ? 'failed' : 'ink-3'}`}>{note}</span>}
          <DownIcon />
        </Button>
        <Popover
          className="popover popover-body unit-editor"
          aria-label="Text unit"
          placement="top start"
          offset={4}
        >
          <UnitEditor onDone={closeUnitEditor} />
        </Popover>
      </DialogTrigger>
    </div>
  )
}

function UnitEditor({onDone}: {readonly onDone: () => void}) {
  const {setUnit} = useActions()
  const runId = usePaneRunId()
  const {unit, hasTurns} = useWorkbenchState((state, {captures}) => ({
    unit: state.unit,
    hasTurns: (selectRunData(state, captures, runId)?.turns.length ?? 0) > 0,
  }))
  const choose = (kind: UnitKind) => {
    if (kind !== unit.kind) setUnit(choiceOfKind(kind))
    // Matches and spans are told more about in place.
    if (kind !== 'regex' && kind !== 'spans') onDone()
  }
  return (
    <>
      <HintArea>
        <ListBox
          className="unit-list"
          aria-label="Text unit"
          selectionMode="single"
          disallowEmptySelection
          autoFocus={unit.kind !== 'regex'}
          selectedKeys={[unit.kind]}
          disabledKeys={hasTurns ? [] : ['turn']}
          onSelectionChange={(keys) => {
            const [kind] = keys === 'all' ? [] : keys
            choose((kind ?? unit.kind) as UnitKind)
          }}
        >
          {UNIT_CHOICES.map(({kind, definition}) => (
            <ListBoxItem
              key={kind}
              id={kind}
              className="menu-item"
              textValue={UNIT_NAMES[kind].one}
              data-hint={definition}
            >
              {({isSelected}) => (
                <>
                  <span className="tick" aria-hidden="true">
                    {isSelected ? '✓' : ''}
                  </span>
                  {kind === 'regex' ? 'match of an expression' : UNIT_NAMES[kind].one}
                  {kind === 'turn' && !hasTurns && <span className="end">not a chat</span>}
                </>
              )}
            </ListBoxItem>
          ))}
        </ListBox>
      </HintArea>
      {unit.kind === 'regex' && <RegexEditor unit={unit} />}
      {unit.kind === 'spans' && <SpansEditor />}
    </>
  )
}
