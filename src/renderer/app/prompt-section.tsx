import {formatCount} from '../../shared/figures/number-format.ts'
import {runPrompt} from '../commands/run-prompt.ts'
import {useWorkbench, useWorkbenchState} from '../lenses/use-workbench.ts'
import {selectLoaded} from '../store/models.ts'
import {Button} from '../ui/button.tsx'
import {Check} from '../ui/check.tsx'
import {shortcutText} from '../ui/shortcut.ts'
import {GenerationPopover} from './generation-popover.tsx'
import {SamplesMenu} from './samples-menu.tsx'

/** What is asked of the model. */
export function PromptSection() {
  const workbench = useWorkbench()
  const {actions} = workbench
  const state = useWorkbenchState((current, bench) => ({
    text: current.promptText,
    isChat: current.isChat,
    tokenCount: current.promptTokenCount,
    contextLength: current.contextLength,
    canRun: runPrompt.when(current, bench),
    isLoaded: selectLoaded(current, current.activeModelPath) !== null,
    hasTemplate: selectLoaded(current, current.activeModelPath)?.chatTemplate ?? false,
  }))
  const isChat = state.isChat && state.hasTemplate
  return (
    <section aria-labelledby="prompt-head">
      <h2 id="prompt-head">
        Prompt
        <span className="end">
          <SamplesMenu />
        </span>
      </h2>
      <textarea
        className="prompt-text"
        aria-label={isChat ? 'User turn' : 'Prompt'}
        placeholder={isChat ? 'User turn' : 'Type or paste text'}
        spellCheck={false}
        value={state.text}
        data-testid="prompt"
        data-document-text
        onChange={(event) => actions.setPromptText(event.target.value)}
      />
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
        {state.text === '' ? (
          <span data-testid="token-count">Type a prompt to run it.</span>
        ) : (
          <TokenCount
            count={state.tokenCount}
            contextLength={state.contextLength}
            isCounting={state.isLoaded}
          />
        )}
        {state.hasTemplate && (
          <Check isOn={state.isChat} onChange={actions.setChat}>
            chat template
          </Check>
        )}
      </div>
    </section>
  )
}

interface TokenCountProps {
  readonly count: number | null
  readonly contextLength: number | null
  readonly isCounting: boolean
}

function TokenCount({count, contextLength, isCounting}: TokenCountProps) {
  if (count === null) return <span>{isCounting ? 'counting…' : '—'}</span>
  const text = `${formatCount(count)} ${count === 1 ? 'token' : 'tokens'}`
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
