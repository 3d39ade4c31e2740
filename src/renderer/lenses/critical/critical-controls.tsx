import {useEffect, useState} from 'react'
import {DialogTrigger, Popover} from 'react-aria-components'
import type {AnswerChecker} from '../../../shared/lenses/critical.ts'
import {CopyMenu} from '../../sharing/copy-menu.tsx'
import {Button} from '../../ui/button.tsx'
import {DownIcon} from '../../ui/icons.tsx'
import {shortcutText} from '../../ui/shortcut.ts'
import {SliderField} from '../../ui/slider-field.tsx'
import {usePaneSuffix} from '../use-pane.ts'
import {useActions, useWorkbenchState} from '../use-workbench.ts'
import {CheckerForm} from './checker-form.tsx'
import {SettingsForm} from './settings-form.tsx'
import type {PaneCritical} from './use-critical.ts'

/** One line under the figure: the right answer, how it is told, how hard is looked, and what can be done. */
export function CriticalControls({shown}: {readonly shown: PaneCritical | null}) {
  const actions = useActions()
  const suffix = usePaneSuffix()
  const choice = useWorkbenchState((state) => state.criticalChoice)
  return (
    <section className="controls" aria-label={`Controls${suffix}`}>
      {shown && <AnswerField key={shown.runId} shown={shown} />}
      <DialogTrigger>
        <Button look="filled" testId="checker">
          {checkerName(choice.checker)} <DownIcon />
        </Button>
        <Popover
          className="popover popover-body"
          aria-label="How answers are told right"
          placement="top start"
          offset={4}
        >
          <CheckerForm />
        </Popover>
      </DialogTrigger>
      <DialogTrigger>
        <Button look="filled" testId="critical-settings">
          Settings <DownIcon />
        </Button>
        <Popover
          className="popover popover-body"
          aria-label="Settings"
          placement="top start"
          offset={4}
        >
          <SettingsForm />
        </Popover>
      </DialogTrigger>
      {shown?.hasResponse && (
        <SliderField
          label="β of the contrast"
          shortLabel="β"
          value={choice.beta}
          onChange={(beta) => actions.changeCritical({beta})}
          minimum={0}
          maximum={3}
          step={0.1}
          fieldMinimum={0}
          fieldMaximum={100}
          format={(value) => value.toFixed(2)}
          testId="beta"
        />
      )}
      <div className="control-ends">
        <CopyMenu />
        <Button look="edge" onPress={() => actions.openDialog('export')} testId="export">
          Export <kbd>{shortcutText({key: 'e', mod: true})}</kbd>
        </Button>
      </div>
    </section>
  )
}

/** The right answer: taken at Enter and when the field is left. */
function AnswerField({shown}: {readonly shown: PaneCritical}) {
  const {setCriticalAnswer} = useActions()
  const {answer, runId} = shown
  const [draft, setDraft] = useState(answer)
  useEffect(() => setDraft(answer), [answer])
  const take = () => {
    if (draft !== answer) setCriticalAnswer(runId, draft)
  }
  return (
    <label className="control-pair">
      <span className="answer-label">right answer</span>
      <input
        className="field answer-field"
        spellCheck={false}
        value={draft}
        placeholder="31"
        onChange={(event) => setDraft(event.target.value)}
        onBlur={take}
        onKeyDown={(event) => {
          if (event.key === 'Enter') take()
          else if (event.key === 'Escape') setDraft(answer)
        }}
        data-testid="right-answer"
      />
    </label>
  )
}

function checkerName(checker: AnswerChecker): string {
  switch (checker.kind) {
    case 'number':
      return `number after “${checker.marker}”`
    case 'text':
      return 'exact text'
    case 'one-of':
      return `one of ${checker.options.join(', ')}`
    case 'regex':
      return `/${checker.pattern}/`
    case 'script':
      return 'a script'
  }
}
