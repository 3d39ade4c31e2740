import {memo, useId, useMemo, useRef} from 'react'
import {DialogTrigger, Popover} from 'react-aria-components'
import {headName} from '../../../shared/figures/attention/map-name.ts'
import type {HeadRef} from '../../../shared/lenses/attention-maps.ts'
import {type HeadLabel, headLabelsText} from '../../../shared/lenses/head-labels.ts'
import {
  groupsOf,
  labelOf,
  labelWords,
  selectLabelledModel,
  selectLabels,
} from '../../store/head-labels.ts'
import {Button} from '../../ui/button.tsx'
import {Check} from '../../ui/check.tsx'
import {usePaneIndex} from '../use-pane.ts'
import {useActions, useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {saveText} from './save-file.ts'
import './head-labels.css'

/** Labels of the heads of the model that this pane shows. */
export function useHeadLabels() {
  const pane = usePaneIndex()
  return useWorkbenchState((state, {captures}) => ({
    labels: selectLabels(state, captures, pane),
  })).labels
}

interface HeadLabelControlProps {
  readonly layer: number
  /** Of the layer's heads, from 0. */
  readonly index: number
}

/** What the shown head is called, and where that is changed. */
export const HeadLabelControl = memo(function HeadLabelControl({
  layer,
  index,
}: HeadLabelControlProps) {
  const head = useMemo((): HeadRef => ({layer, head: index}), [layer, index])
  const pane = usePaneIndex()
  const {editHeadLabel} = useActions()
  const labels = useHeadLabels()
  const isOpen = useWorkbenchState((state) => state.labelEditor === pane)
  const words = labelWords(labelOf(labels, head))
  return (
    <DialogTrigger isOpen={isOpen} onOpenChange={(open) => editHeadLabel(open ? pane : null)}>
      <Button
        look="filled"
        className="head-label-button"
        aria-label={`Label of ${headName(head)}: ${words || 'none'}`}
        testId="head-label"
      >
        <span className="clip">{words || '☆'}</span>
      </Button>
      <Popover
        className="popover popover-body"
        aria-label={`Label of ${headName(head)}`}
        placement="top start"
        offset={4}
      >
        <LabelForm head={head} />
      </Popover>
    </DialogTrigger>
  )
})

function LabelForm({head}: {readonly head: HeadRef}) {
  const pane = usePaneIndex()
  const {store, captures} = useWorkbench()
  const {labelHead, editHeadLabel, importHeadLabels, notify} = useActions()
  const labels = useHeadLabels()
  const own = labelOf(labels, head)
  const id = useId()
  const fileRef = useRef<HTMLInputElement>(null)
  const field = (part: 'name' | 'group', words: string, hint: string) => (
    <div className="form-row">
      <span className="form-label">{words}</span>
      <input
        className="field head-label-field"
        aria-label={`${words} of ${headName(head)}`}
        placeholder={hint}
        maxLength={60}
        value={own?.[part] ?? ''}
        list={part === 'group' ? id : undefined}
        onChange={(event) => labelHead(head, {[part]: event.target.value}, pane)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') editHeadLabel(null)
        }}
        data-testid={`head-${part}`}
      />
    </div>
  )
  return (
    <div className="filter-form">
      <div className="strong">{headName(head)}</div>
      {field('name', 'name', 'what it does')}
      {field('group', 'group', 'heads that belong together')}
      <datalist id={id}>
        {groupsOf(labels).map((group) => (
          <option key={group} value={group} />
        ))}
      </datalist>
      <Check
        isOn={own?.isStarred ?? false}
        onChange={(isStarred) => labelHead(head, {isStarred}, pane)}
      >
        ★ starred
      </Check>
      <p className="ink-3 small">
        Labels belong to the model’s weights and stand in every list of heads.
      </p>
      <div className="form-row">
        <Button
          look="edge"
          isDisabled={labels.length === 0}
          onPress={() => {
            const model = selectLabelledModel(store.getState(), captures, pane)
            if (!model) return
            saveText('head-labels.json', headLabelsText(model, labels))
            notify('saved head-labels.json')
          }}
          testId="save-labels"
        >
          Save labels…
        </Button>
        <Button look="edge" onPress={() => fileRef.current?.click()} testId="open-labels">
          Open labels…
        </Button>
        <input
          ref={fileRef}
          type="file"
          hidden
          accept=".json"
          data-testid="labels-file"
          onChange={(event) => {
            const [file] = event.target.files ?? []
            event.target.value = ''
            if (file) void importHeadLabels(file.name, file)
          }}
        />
      </div>
    </div>
  )
}

/** Stars a head of a list, or not any more. */
export function HeadStar({head}: {readonly head: HeadRef}) {
  const pane = usePaneIndex()
  const {labelHead} = useActions()
  const isOn = useWorkbenchState(
    (state, {captures}) => labelOf(selectLabels(state, captures, pane), head)?.isStarred ?? false
  )
  return (
    <StarButton
      head={head}
      isOn={isOn}
      onChange={(isStarred) => labelHead(head, {isStarred}, pane)}
    />
  )
}

interface StarButtonProps {
  readonly head: HeadRef
  readonly isOn: boolean
  readonly onChange: (isOn: boolean) => void
}

export function StarButton({head, isOn, onChange}: StarButtonProps) {
  return (
    <button
      type="button"
      className={`head-star ${isOn ? 'on' : ''}`}
      aria-pressed={isOn}
      aria-label={`Star ${headName(head)}`}
      onClick={() => onChange(!isOn)}
    >
      {isOn ? '★' : '☆'}
    </button>
  )
}

/** A head's own name and group in a list; nothing where it has none. */
export function HeadWords({head}: {readonly head: HeadRef}) {
  return <LabelWords label={labelOf(useHeadLabels(), head)} />
}

/** The same of a label that is known. */
export function LabelWords({label}: {readonly label: HeadLabel | undefined}) {
  const [name, group] = [label?.name.trim() ?? '', label?.group.trim() ?? '']
  if (name === '' && group === '') return null
  return (
    <span className="head-words" title={[name, group].filter(Boolean).join(' · ')}>
      {name}
      {group !== '' && <span className="head-group">{group}</span>}
    </span>
  )
}
