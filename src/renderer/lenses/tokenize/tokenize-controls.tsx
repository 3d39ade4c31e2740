import {useRef} from 'react'
import {Menu, MenuItem, MenuTrigger, Popover} from 'react-aria-components'
import {TEXT_SAMPLES} from '../../../shared/samples/text-samples.ts'
import {referenceOf} from '../../store/tokenizers.ts'
import type {ComparedSource} from '../../store/tokenizers-state.ts'
import {Button} from '../../ui/button.tsx'
import {MenuChoice} from '../../ui/menu-choice.tsx'
import {shortcutText} from '../../ui/shortcut.ts'
import {usePaneSuffix} from '../use-pane.ts'
import {useActions, useWorkbenchState} from '../use-workbench.ts'
import {AddTokenizer} from './add-tokenizer.tsx'
import {CountingMenu} from './counting-menu.tsx'
import {nameOfChoice} from './names.ts'
import {TextFileInput} from './text-file-input.tsx'

/** One line under the figure: what is compared, on which text, how it is counted. */
export function TokenizeControls() {
  const {openDialog} = useActions()
  const suffix = usePaneSuffix()
  const names = useWorkbenchState((state) => state.comparedTokenizers)
  return (
    <section className="controls tokenize-controls" aria-label={`Controls${suffix}`}>
      <span className="pair compared-chips">
        {names.map((name, i) => (
          <TokenizerChip key={name} name={name} isFirst={i === 0} isLast={i === names.length - 1} />
        ))}
        <AddTokenizer />
      </span>
      <SourceChoice />
      <CountingMenu />
      <div className="control-ends">
        <Button look="edge" onPress={() => openDialog('export')} testId="export">
          Export <kbd>{shortcutText({key: 'e', mod: true})}</kbd>
        </Button>
      </div>
    </section>
  )
}

interface TokenizerChipProps {
  readonly name: string
  readonly isFirst: boolean
  readonly isLast: boolean
}

/** A compared tokenizer, and what can be done with it. */
function TokenizerChip({name, isFirst, isLast}: TokenizerChipProps) {
  const {removeTokenizer, moveTokenizer, setReferenceTokenizer} = useActions()
  const reference = useWorkbenchState(referenceOf)
  const isReference = reference === name
  const acts: Readonly<Record<string, () => void>> = {
    reference: () => setReferenceTokenizer(name),
    up: () => moveTokenizer(name, -1),
    down: () => moveTokenizer(name, 1),
    remove: () => removeTokenizer(name),
  }
  return (
    <MenuTrigger>
      <Button
        look="filled"
        testId={`compared-${nameOfChoice(name)}`}
        aria-label={`${nameOfChoice(name)}${isReference ? ' ref, the reference' : ''}: move, remove or refer to it`}
      >
        {nameOfChoice(name)}
        {isReference && <span className="ink-3"> ref</span>}
      </Button>
      <Popover className="popover" placement="top start" offset={4}>
        <Menu
          className="menu"
          aria-label={nameOfChoice(name)}
          disabledKeys={[
            ...(isFirst ? ['up'] : []),
            ...(isLast ? ['down'] : []),
            ...(isReference ? ['reference'] : []),
          ]}
          onAction={(key) => acts[String(key)]?.()}
        >
          <MenuItem id="reference" className="menu-item">
            Lengths are relative to it
          </MenuItem>
          <MenuItem id="up" className="menu-item">
            Move up
          </MenuItem>
          <MenuItem id="down" className="menu-item">
            Move down
          </MenuItem>
          <MenuItem id="remove" className="menu-item">
            Remove
          </MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  )
}

const PROMPT = 'prompt'
const OWN = 'own'
const FILE = 'file'

function SourceChoice() {
  const {changeComparedSource} = useActions()
  const source = useWorkbenchState((state) => state.comparedSource)
  const input = useRef<HTMLInputElement>(null)
  const options = [
    {value: PROMPT, text: 'the prompt', note: 'as it is typed'},
    ...TEXT_SAMPLES.map(({id, title, note}) => ({value: id, text: title, note})),
    {value: FILE, text: 'A file…', note: 'opened here'},
    ...(source.kind === 'own' || source.kind === 'file'
      ? [{value: OWN, text: nameOfSource(source), note: 'a file'}]
      : []),
  ]
  const value = source.kind === 'prompt' ? PROMPT : source.kind === 'sample' ? source.id : OWN
  return (
    <span className="pair">
      <MenuChoice
        label="Text"
        value={value}
        options={options}
        onChange={(chosen) => {
          if (chosen === OWN) return
          if (chosen === FILE) {
            input.current?.click()
            return
          }
          changeComparedSource(chosen === PROMPT ? {kind: 'prompt'} : {kind: 'sample', id: chosen})
        }}
        testId="compared-source"
      />
      <TextFileInput ref={input} />
    </span>
  )
}

function nameOfSource(source: Extract<ComparedSource, {kind: 'own' | 'file'}>): string {
  return source.kind === 'own' ? source.name : (source.path.split(/[\\/]/u).at(-1) ?? source.path)
}
