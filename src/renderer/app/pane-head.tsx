import {toggleSplit} from '../commands/panes.ts'
import {usePaneIndex} from '../lenses/use-pane.ts'
import {useWorkbench, useWorkbenchState} from '../lenses/use-workbench.ts'
import {arrangeFrame} from '../store/frame.ts'
import {selectRun} from '../store/run-records.ts'
import {Button} from '../ui/button.tsx'
import {CloseIcon, SplitIcon, SwapIcon} from '../ui/icons.tsx'
import {shortcutText} from '../ui/shortcut.ts'
import {Hint} from '../ui/tooltip.tsx'

/** Which run a pane shows, where the two show different ones; the model too where that is what differs. */
export function PaneRunLabel() {
  const pane = usePaneIndex()
  const text = useWorkbenchState((state) => {
    const [first, second] = state.panes
    if (!first || !second || first.runId === second.runId) return null
    const own = selectRun(state, state.panes[pane]?.runId ?? null)
    const other = selectRun(state, state.panes[1 - pane]?.runId ?? null)
    if (!own) return 'no run'
    const isSameModel = own.modelName === (other?.modelName ?? own.modelName)
    return isSameModel ? own.label : `${own.modelName}: ${own.label}`
  })
  if (text === null) return null
  return (
    <span className="pane-run clip" data-hint={text} data-testid="pane-run">
      {text}
    </span>
  )
}

/** Split, or what can be done with one of two lenses. */
export function PaneButtons() {
  const workbench = useWorkbench()
  const {swapPanes, closePane, activatePane} = workbench.actions
  const pane = usePaneIndex()
  const {areTwo, isSingle} = useWorkbenchState((state) => ({
    areTwo: state.panes.length === 2,
    isSingle: arrangeFrame(state).panes === 'single',
  }))
  if (!areTwo) {
    return (
      <Hint
        text={`Two lenses side by side (${shortcutText(toggleSplit.shortcut)})`}
        placement="bottom"
      >
        <Button
          look="icon"
          aria-label="Split"
          onPress={() => toggleSplit.run(workbench)}
          testId="split"
        >
          <SplitIcon />
        </Button>
      </Hint>
    )
  }
  return (
    <>
      {isSingle ? (
        <Button
          look="plain"
          className="pane-button"
          onPress={() => activatePane(pane === 0 ? 1 : 0)}
          testId="other-pane"
        >
          <SplitIcon /> lens {pane + 1} of 2
        </Button>
      ) : (
        pane === 1 && (
          <Hint text="Swap the two lenses" placement="bottom">
            <Button
              look="plain"
              className="pane-button"
              aria-label="Swap the two lenses"
              onPress={swapPanes}
              testId="swap"
            >
              <SwapIcon />
            </Button>
          </Hint>
        )
      )}
      <Hint text="Close this lens; the other stays" placement="bottom">
        <Button
          look="icon"
          aria-label={`Close the ${pane === 0 ? 'first' : 'second'} lens`}
          onPress={() => closePane(pane)}
          testId="close-pane"
        >
          <CloseIcon />
        </Button>
      </Hint>
    </>
  )
}
