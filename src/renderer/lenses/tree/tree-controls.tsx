import {useRef} from 'react'
import {DialogTrigger, Menu, MenuItem, MenuTrigger, Popover} from 'react-aria-components'
import {formatCount, formatSetting} from '../../../shared/figures/number-format.ts'
import {CONTINUATION_STRATEGIES, type ContinuationStrategy} from '../../../shared/lenses/tree.ts'
import {treeOutline} from '../../../shared/lenses/tree-text.ts'
import type {ShownTree} from '../../store/tree-shown.ts'
import type {TreeGrowth} from '../../store/tree-state.ts'
import {Button} from '../../ui/button.tsx'
import {Choice} from '../../ui/choice.tsx'
import {DownIcon} from '../../ui/icons.tsx'
import {MenuChoice} from '../../ui/menu-choice.tsx'
import {NumberInput} from '../../ui/number-input.tsx'
import {shortcutText} from '../../ui/shortcut.ts'
import {SliderField} from '../../ui/slider-field.tsx'
import {usePaneIndex, usePaneSuffix} from '../use-pane.ts'
import {useActions, useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {copyValue} from './copy-value.ts'
import {saveTree} from './tree-file.ts'

const STRATEGIES: Readonly<Record<ContinuationStrategy, {text: string; note: string}>> = {
  'best-first': {text: 'best first', note: 'largest p of path'},
  'top-k': {text: 'top-k', note: 'k likeliest'},
  'top-p': {text: 'top-p', note: 'likeliest of a mass'},
  'min-p': {text: 'min-p', note: 'beside the likeliest'},
  beam: {text: 'beam search', note: '2B candidates'},
  sbs: {text: 'diverse samples', note: 'without replacement'},
  sample: {text: 'sampled runs', note: 'overlaid'},
}

interface GrowthField {
  readonly name: keyof TreeGrowth
  readonly label: string
  readonly words: string
  readonly least: number
  readonly most: number
  readonly step: number
  readonly isWhole: boolean
}

const field = (
  name: keyof TreeGrowth,
  label: string,
  words: string,
  [least, most, step]: readonly [number, number, number],
  isWhole = true
): GrowthField => ({name, label, words, least, most, step, isWhole})
const NODES = field('nodes', 'nodes', 'at most, without the stubs', [1, 20_000, 16])
const DEPTH = field('depth', 'depth', 'levels at most', [1, 200, 1])
const CHILDREN = field('maxChildren', 'children', 'of a node at most', [1, 100, 1])
const LEAST = field(
  'jointThreshold',
  'at least',
  'smaller paths are left out',
  [0, 1, 0.001],
  false
)
const BEAMS = field('beams', 'beams', 'kept at each length', [1, 64, 1])
const SEED = field('seed', 'seed', 'of all draws', [0, 1e9, 1])
const FIELDS: Readonly<Record<ContinuationStrategy, readonly GrowthField[]>> = {
  'best-first': [NODES, DEPTH, CHILDREN, LEAST],
  'top-k': [NODES, DEPTH, CHILDREN, LEAST],
  'top-p': [NODES, DEPTH, CHILDREN, LEAST],
  'min-p': [NODES, DEPTH, CHILDREN, LEAST],
  beam: [
    BEAMS,
    DEPTH,
    field('lengthPenalty', 'length', 'exponent of a beam’s length', [-10, 10, 0.1], false),
  ],
  sbs: [BEAMS, DEPTH, SEED],
  sample: [field('samples', 'runs', 'drawn and overlaid', [1, 1024, 1]), DEPTH, SEED],
}

/** One line under the tree: which law is shown, how it is grown, what leaves it. */
export function TreeControls({shown}: {readonly shown: ShownTree | null}) {
  const actions = useActions()
  const suffix = usePaneSuffix()
  const {growth, law, distribution} = useWorkbenchState((state) => ({
    growth: state.treeGrowth,
    law: state.treeLaw,
    distribution: state.treeDistribution,
  }))
  return (
    <section className="controls" aria-label={`Controls${suffix}`}>
      <Choice
        label="Distribution"
        value={distribution}
        options={[
          {value: 'raw', text: 'raw'},
          {value: 'temperature', text: 'temperature'},
          {value: 'truncated', text: 'truncated'},
        ]}
        onChange={actions.showTreeDistribution}
      />
      <SliderField
        label="temperature"
        shortLabel="T"
        value={law.temperature}
        onChange={(temperature) => actions.changeTreeLaw({temperature})}
        minimum={0.1}
        maximum={2}
        step={0.05}
        fieldMinimum={0}
        fieldMaximum={100}
        format={formatSetting}
        testId="tree-temperature"
      />
      <CutsMenu />
      <MenuChoice
        label="Grow by"
        value={growth.strategy}
        options={CONTINUATION_STRATEGIES.map((value) => ({value, ...STRATEGIES[value]}))}
        onChange={(strategy) => actions.changeTreeGrowth({strategy})}
        testId="tree-strategy"
      />
      <GrowthMenu growth={growth} />
      <div className="control-ends">
        {shown && <FileMenu shown={shown} />}
        <Button look="edge" onPress={() => actions.openDialog('export')} testId="export">
          Export <kbd>{shortcutText({key: 'e', mod: true})}</kbd>
        </Button>
      </div>
    </section>
  )
}

/** What truncation cuts; a value that cuts nothing says so. */
function CutsMenu() {
  const {changeTreeLaw} = useActions()
  const law = useWorkbenchState((state) => state.treeLaw)
  const count = [law.topK > 0, law.topP < 1, law.minP > 0].filter(Boolean).length
  const none =
    (isNone: (value: number) => boolean, format: (value: number) => string) => (value: number) =>
      isNone(value) ? 'none' : format(value)
  return (
    <DialogTrigger>
      <Button look="filled" testId="tree-cuts">
        {count === 0 ? 'Cuts' : count === 1 ? '1 cut' : `${count} cuts`} <DownIcon />
      </Button>
      <Popover className="popover popover-body" aria-label="Cuts" placement="top start" offset={4}>
        <div className="tree-form">
          <div className="form-row">
            <span className="form-label">top-k</span>
            <NumberInput
              label="Top-k, 0 for none"
              value={law.topK}
              onChange={(topK) => changeTreeLaw({topK})}
              {...{minimum: 0, maximum: 100_000, step: 1, isWhole: true, widthPx: 64}}
              format={none((value) => value === 0, String)}
            />
            <span className="ink-3">likeliest tokens stay</span>
          </div>
          <div className="form-row">
            <span className="form-label">top-p</span>
            <NumberInput
              label="Top-p, 1 for none"
              value={law.topP}
              onChange={(topP) => changeTreeLaw({topP})}
              {...{minimum: 0.001, maximum: 1, step: 0.05, widthPx: 64}}
              format={none((value) => value >= 1, formatSetting)}
            />
            <span className="ink-3">likeliest of this mass stay</span>
          </div>
          <div className="form-row">
            <span className="form-label">min-p</span>
            <NumberInput
              label="Min-p, 0 for none"
              value={law.minP}
              onChange={(minP) => changeTreeLaw({minP})}
              {...{minimum: 0, maximum: 1, step: 0.05, widthPx: 64}}
              format={none((value) => value === 0, formatSetting)}
            />
            <span className="ink-3">of the likeliest’s p stays</span>
          </div>
          <p className="small ink-3">What is cut stays in the tree, hollow.</p>
        </div>
      </Popover>
    </DialogTrigger>
  )
}

function GrowthMenu({growth}: {readonly growth: TreeGrowth}) {
  const {changeTreeGrowth, growAgain} = useActions()
  const pane = usePaneIndex()
  const fields = FIELDS[growth.strategy]
  const first = fields[0]!
  return (
    <DialogTrigger>
      <Button look="filled" testId="tree-growth">
        {formatCount(Number(growth[first.name]))} {first.label} <DownIcon />
      </Button>
      <Popover
        className="popover popover-body"
        aria-label="Growth"
        placement="top start"
        offset={4}
      >
        <div className="tree-form">
          {fields.map(({name, label, words, least, most, step, isWhole}) => (
            <div key={name} className="form-row">
              <span className="form-label">{label}</span>
              <NumberInput
                label={`${label}, ${words}`}
                value={growth[name] as number}
                onChange={(value) => changeTreeGrowth({[name]: value})}
                {...{minimum: least, maximum: most, step, isWhole, widthPx: 64}}
                format={isWhole ? String : formatSetting}
              />
              <span className="ink-3">{words}</span>
            </div>
          ))}
          <div className="form-row">
            <Button look="edge" onPress={() => growAgain(pane)}>
              Grow again under this law
            </Button>
          </div>
        </div>
      </Popover>
    </DialogTrigger>
  )
}

function FileMenu({shown}: {readonly shown: ShownTree}) {
  const workbench = useWorkbench()
  const {unprune, openTreeText, notify} = useActions()
  const input = useRef<HTMLInputElement>(null)
  const {result, marks, runId} = shown
  return (
    <>
      <MenuTrigger>
        <Button look="quiet" testId="tree-file">
          Tree <DownIcon />
        </Button>
        <Popover className="popover" placement="top end" offset={4}>
          <Menu
            className="menu"
            aria-label="Tree"
            disabledKeys={marks.pruned.length === 0 ? ['unprune'] : []}
            onAction={(key) => {
              if (key === 'outline')
                void copyValue(workbench, treeOutline(result.nodes, false).join('\n'))
              else if (key === 'save') notify(saveTree(result))
              else if (key === 'open') input.current?.click()
              else unprune(runId)
            }}
          >
            <MenuItem id="outline" className="menu-item">
              Copy the outline
            </MenuItem>
            <MenuItem id="save" className="menu-item">
              Save the tree
            </MenuItem>
            <MenuItem id="open" className="menu-item">
              Open a saved tree…
            </MenuItem>
            <MenuItem id="unprune" className="menu-item">
              Bring back what was pruned
            </MenuItem>
          </Menu>
        </Popover>
      </MenuTrigger>
      <input
        ref={input}
        type="file"
        accept=".json"
        hidden
        aria-label="Saved tree"
        data-testid="tree-open"
        onChange={(event) => {
          const [file] = event.target.files ?? []
          event.target.value = ''
          if (file) void openTreeText(file.name, file)
        }}
      />
    </>
  )
}
