import {useRef} from 'react'
import {formatCount, formatMany} from '../../../shared/figures/number-format.ts'
import {runPrompt} from '../../commands/run-prompt.ts'
import {useWorkbench, useWorkbenchState} from '../../lenses/use-workbench.ts'
import {lineEndsOf} from '../../store/line-ends.ts'
import {selectActiveModel} from '../../store/models.ts'
import {selectHasPrompt, selectIsChat} from '../../store/prompt.ts'
import {Button} from '../../ui/button.tsx'
import {Check} from '../../ui/check.tsx'
import {shortcutText} from '../../ui/shortcut.ts'
import {GenerationPopover} from './generation-popover.tsx'
import {PromptArea} from './prompt-area.tsx'
import {usePromptFind} from './prompt-find.tsx'
import {PromptRefused} from './prompt-refused.tsx'
import {PromptTurns} from './prompt-turns.tsx'
import {SamplesMenu} from './samples-menu.tsx'
import './prompt.css'

/** What is asked of the model. */
export function PromptSection() {
  const workbench = useWorkbench()
  const {actions} = workbench
  const state = useWorkbenchState((current, bench) => ({
    text: current.promptText,
    turns: current.turns,
    wantsChat: current.isChat,
    isChat: selectIsChat(current),
    isFindOpen: current.isFindOpen,
    tokenCount: current.promptTokenCount,
    contextLength: current.contextLength,
    hasPrompt: selectHasPrompt(current),
    listCount: current.listRows.length,
    canRun: runPrompt.when(current, bench),
    isLoaded: selectActiveModel(current) !== null,
    hasTemplate: selectActiveModel(current)?.chatTemplate ?? false,
  }))
  const find = usePromptFind(
    state.isChat ? state.turns.map(({content}) => content) : [state.text],
    state.isFindOpen
  )
  return (
    <section aria-labelledby="prompt-head">
      <h2 id="prompt-head">
        Prompt
        <span className="end prompt-links">
          <Button look="plain" onPress={() => actions.showList(true)} testId="show-list">
            List{state.listCount > 0 ? ` ${formatCount(state.listCount)}` : ''}
          </Button>
          <SamplesMenu />
        </span>
      </h2>
      {find.bar}
      {state.isChat ? (
        <PromptTurns turns={state.turns} find={find} />
      ) : (
        <PromptArea
          turn={null}
          text={state.text}
          onText={actions.setPromptText}
          label="Prompt"
          placeholder="Type or paste text"
          found={find.spansOf(0)}
          current={find.currentOf(0)}
          testId="prompt"
        />
      )}
      <PromptRefused />
      <div className="run-row">
        <Button
          look="primary"
          isDisabled={!state.canRun}
          onPress={() => runPrompt.run(workbench)}
          testId="run"
        >
          Run <kbd>{shortcutText(runPrompt.shortcut)}</kbd>
        </Button>
        <span className="end">
          <GenerationPopover />
        </span>
      </div>
      <div className="prompt-facts">
        {state.hasPrompt ? (
          <TokenCount
            count={state.tokenCount}
            contextLength={state.contextLength}
            isCounting={state.isLoaded}
          />
        ) : (
          <span data-testid="token-count">Type a prompt to run it.</span>
        )}
        {state.hasTemplate && (
          <Check isOn={state.wantsChat} onChange={actions.setChat}>
            chat template
          </Check>
        )}
      </div>
      <LineEnds text={state.isChat ? '' : state.text} />
    </section>
  )
}

/** What the line ends of the prompt are, where a text area does not show it. */
function LineEnds({text}: {readonly text: string}) {
  const {actions} = useWorkbench()
  const note = useWorkbenchState((state) => state.lineEndNote)
  const known = useRef({text: '', ends: lineEndsOf('')})
  if (known.current.text !== text) known.current = {text, ends: lineEndsOf(text)}
  const {ends} = known.current
  const isKept = ends === 'crlf' || ends === 'cr' || ends === 'mixed'
  if (!isKept && !note) return null
  return (
    <div className="prompt-facts line-ends" data-testid="line-ends">
      {isKept ? (
        <>
          <span>
            {ends === 'mixed' ? 'Mixed line ends are kept' : `${ends.toUpperCase()} line ends kept`}
          </span>
          <Button look="plain" onPress={actions.normalizeLineEnds}>
            Make them LF
          </Button>
        </>
      ) : (
        <span>{note}</span>
      )}
    </div>
  )
}

interface TokenCountProps {
  readonly count: number | null
  readonly contextLength: number | null
  readonly isCounting: boolean
}

function TokenCount({count, contextLength, isCounting}: TokenCountProps) {
  if (count === null) return <span>{isCounting ? 'counting…' : '—'}</span>
  const text = formatMany(count, 'token')
  if (contextLength === null) return <span>{text}</span>
  const isOver = count > contextLength
  return (
    <span className={isOver ? 'over' : undefined} data-testid="token-count">
      {isOver
        ? `✕ ${formatCount(count - contextLength)} tokens too many`
        : `${text} of ${formatCount(contextLength)}`}
    </span>
  )
}
