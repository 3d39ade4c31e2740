import {DialogTrigger, Popover} from 'react-aria-components'
import {formatMany, formatSetting} from '../../../shared/figures/number-format.ts'
import {branchingNodeCount, MAX_DRAFT_NODES} from '../../../shared/lenses/tree-defaults.ts'
import {DRAFT_SHAPES} from '../../store/tree-requests.ts'
import type {DraftChoice} from '../../store/tree-state.ts'
import {Button} from '../../ui/button.tsx'
import {DownIcon} from '../../ui/icons.tsx'
import {NumberInput} from '../../ui/number-input.tsx'
import {useActions} from '../use-workbench.ts'

type NumberName =
  | 'nodes'
  | 'width'
  | 'paths'
  | 'draftLength'
  | 'draftThreshold'
  | 'maxNewTokens'
  | 'seed'

interface ShapeField {
  readonly label: string
  readonly words: string
  readonly least?: number
  readonly most: number
  readonly isShare?: boolean
}

const FIELDS: Readonly<Record<NumberName, ShapeField>> = {
  nodes: {label: 'nodes', words: 'of a step at most', most: 2000},
  width: {label: 'beams', words: 'kept at each level', most: 64},
  paths: {label: 'paths', words: 'drawn independently', most: 64},
  draftLength: {label: 'length', words: 'tokens of a path', most: 64},
  draftThreshold: {
    label: 'at least',
    words: 'smaller estimates are not drawn',
    most: 1,
    isShare: true,
  },
  maxNewTokens: {label: 'text', words: 'tokens in all', most: 1000},
  seed: {label: 'seed', words: 'of all draws', least: 0, most: 1e9},
}
const MOST_LEVELS = 8
const LEAST_SHARE = 0.0001

/** How large a draft is, by what its strategy reads: nodes, beams, or children level by level. */
export function DraftShape({choice}: {readonly choice: DraftChoice}) {
  const names = DRAFT_SHAPES[choice.strategy]
  return (
    <DialogTrigger>
      <Button look="filled" testId="draft-shape">
        {shapeWords(choice)} <DownIcon />
      </Button>
      <Popover
        className="popover popover-body"
        aria-label="Shape of a draft"
        placement="top start"
        offset={4}
      >
        <div className="tree-form">
          {names.map((name) =>
            name === 'branching' ? (
              <Branching key={name} branching={choice.branching} />
            ) : (
              <ShapeRow key={name} name={name} value={choice[name]} />
            )
          )}
          <ShapeRow name="maxNewTokens" value={choice.maxNewTokens} />
          <ShapeRow name="seed" value={choice.seed} />
        </div>
      </Popover>
    </DialogTrigger>
  )
}

/** `16 nodes`, `3 × 2 × 1`, `4 beams × 4`. */
function shapeWords({strategy, nodes, branching, width, paths, draftLength}: DraftChoice): string {
  switch (strategy) {
    case 'chain':
      return formatMany(draftLength, 'token')
    case 'specinfer':
    case 'rsd-c':
      return branching.join(' × ')
    case 'rsd-s':
      return `${formatMany(width, 'beam')} × ${draftLength}`
    case 'spectr':
      return `${formatMany(paths, 'path')} × ${draftLength}`
    default:
      return formatMany(nodes, 'node')
  }
}

function ShapeRow({name, value}: {readonly name: NumberName; readonly value: number}) {
  const {changeDraft} = useActions()
  const {label, words, most, least = 1, isShare = false} = FIELDS[name]
  return (
    <div className="form-row">
      <span className="form-label">{label}</span>
      <NumberInput
        label={`${label}, ${words}`}
        value={value}
        onChange={(next) => changeDraft({[name]: next})}
        minimum={isShare ? LEAST_SHARE : least}
        maximum={most}
        step={isShare ? 0.01 : 1}
        isWhole={!isShare}
        widthPx={64}
        format={isShare ? formatSetting : String}
      />
      <span className="ink-3">{words}</span>
    </div>
  )
}

/** Children of each node, one number a level. */
function Branching({branching}: {readonly branching: readonly number[]}) {
  const {changeDraft} = useActions()
  const count = branchingNodeCount(branching)
  const change = (next: readonly number[]) => {
    if (branchingNodeCount(next) <= MAX_DRAFT_NODES) changeDraft({branching: next})
  }
  return (
    <>
      <div className="form-row">
        <span className="form-label">children</span>
        {branching.map((children, level) => (
          <NumberInput
            key={level}
            label={`Children of each node, level ${level + 1}`}
            value={children}
            onChange={(next) => change(branching.map((one, at) => (at === level ? next : one)))}
            {...{minimum: 1, maximum: 64, step: 1, isWhole: true, widthPx: 32}}
          />
        ))}
      </div>
      <div className="form-row">
        <span className="form-label" />
        <Button
          look="edge"
          isDisabled={branching.length >= MOST_LEVELS}
          onPress={() => change([...branching, 1])}
          testId="level-more"
        >
          One level more
        </Button>
        <Button
          look="edge"
          isDisabled={branching.length <= 1}
          onPress={() => change(branching.slice(0, -1))}
          testId="level-less"
        >
          Less
        </Button>
        <span className="ink-3">{formatMany(count, 'node')} a step</span>
      </div>
    </>
  )
}
