import {Button as AriaButton} from 'react-aria-components'
import {SAMPLES, type Sample} from '../../shared/samples/samples.ts'
import {plainTitleOf} from '../commands/command.ts'
import {openFolder} from '../commands/open-folder.ts'
import {COMMANDS} from '../commands/registry.ts'
import {LENSES} from '../lenses/registry.ts'
import {useWorkbench, useWorkbenchState} from '../lenses/use-workbench.ts'
import {selectActiveListing, selectActiveModel} from '../store/models.ts'
import {FIRST_LENS_ID} from '../store/panes.ts'
import {Button} from '../ui/button.tsx'
import {shortcutText} from '../ui/shortcut.ts'

const KEYS_SHOWN = ['run-prompt', 'generate', 'export-figure']

/** Its title, and the lens that it opens in where that is not the first. */
function placeOf({title, lens}: Sample): string {
  return lens === FIRST_LENS_ID ? title : `${title}, ${LENSES.find(({id}) => id === lens)?.title}`
}

/** What there is to do while no run is shown. */
export function EmptyPage() {
  const workbench = useWorkbench()
  const {runSample, showList, openImport} = workbench.actions
  const {name, isReady} = useWorkbenchState((state) => ({
    name: selectActiveListing(state)?.id ?? null,
    isReady: selectActiveModel(state) !== null,
  }))
  return (
    <div className="page" data-testid="empty-page">
      <h2>Type a prompt, or start with one of these</h2>
      <p>
        {name === null
          ? 'No model is chosen. Choose one on the left, or open a folder of your own.'
          : `${name} ${isReady ? 'is ready' : 'is loaded when you run a prompt'}. Everything runs on this machine; nothing is sent anywhere.`}
      </p>
      <h3>Samples</h3>
      <div className="page-rows">
        {SAMPLES.map((sample) => (
          <AriaButton
            key={sample.id}
            className="page-row"
            onPress={() => runSample(sample)}
            isDisabled={name === null}
          >
            <span className="mono clip">{sample.prompt.replace(/\n/gu, ' ⏎ ')}</span>
            <span className="ink-2">{sample.claim.name}</span>
            <span className="end ink-3">{placeOf(sample)}</span>
          </AriaButton>
        ))}
      </div>
      <h3>Many prompts at once</h3>
      <div className="page-rows">
        <div className="page-row">
          <span>Paste or load a prompt list</span>
          <span className="ink-2">plain text, CSV or JSONL, with answers</span>
          <span className="end">
            <Button
              look="edge"
              onPress={() => {
                showList(true)
                openImport()
              }}
            >
              Paste or load
            </Button>
          </span>
        </div>
      </div>
      <h3>Your own model</h3>
      <div className="page-rows">
        <div className="page-row">
          <span>Drop a model folder anywhere in this window</span>
          <span className="ink-2">config, tokenizer and ONNX file</span>
          <span className="end">
            <Button look="edge" onPress={() => openFolder.run(workbench)}>
              Open folder <kbd>{shortcutText(openFolder.shortcut)}</kbd>
            </Button>
          </span>
        </div>
      </div>
      <h3>Keys worth knowing</h3>
      <div className="page-rows">
        {COMMANDS.filter((command) => KEYS_SHOWN.includes(command.id)).map((command) => (
          <div key={command.id} className="page-row">
            <span>{plainTitleOf(command)}</span>
            <span className="ink-2">{shortcutText(command.shortcut)}</span>
          </div>
        ))}
        <div className="page-row">
          <span>Walk tokens, go to the ends, let go</span>
          <span className="ink-2">← →, Home End, Esc</span>
        </div>
      </div>
    </div>
  )
}
