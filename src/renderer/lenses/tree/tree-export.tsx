import {useMemo} from 'react'
import {paletteOf} from '../../../shared/figures/palette.ts'
import type {CommonFigureOptions} from '../../../shared/figures/request.ts'
import {TreeFigure} from '../../../shared/figures/tree/figure.tsx'
import {layoutTreeFigure} from '../../../shared/figures/tree/layout.ts'
import {describeTree} from '../../../shared/figures/tree/tree-caption.ts'
import type {TreePicture} from '../../../shared/lenses/tree-picture.ts'
import {selectPane} from '../../store/panes.ts'
import {type ShownTree, selectedNode, selectShownTree} from '../../store/tree-shown.ts'
import {PlainExport} from '../plain-export.tsx'
import {useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {treeCommand} from './tree-command.ts'

/** The tree of the active pane as a file. */
export function TreeExport() {
  const {captures} = useWorkbench()
  const {shown, view} = useWorkbenchState((state) => ({
    shown: selectShownTree(state, captures, state.activePane),
    view: selectPane(state).view,
  }))
  const drawn = useMemo(() => shown && {shown, picture: pictureOf(shown, view)}, [shown, view])
  return (
    <PlainExport
      parts={['caption']}
      requestOf={(file) =>
        drawn && {figure: 'tree', result: drawn.shown.result, picture: drawn.picture, ...file}
      }
      commandOf={(file) => {
        if (!drawn) return null
        const {result, isAsGrown} = drawn.shown
        return treeCommand({result, isAsGrown, picture: drawn.picture, file})
      }}
      {...(shown?.isAsGrown === false
        ? {copiedText: 'copied the command; it opens tree.json, which “Save the tree” writes'}
        : {})}
      preview={(options) => drawn && <Preview {...drawn} options={options} />}
      words={{
        absent: 'No tree is shown yet.',
        json: 'The tree, to be opened again.',
        csv: 'One row a node, for spreadsheets.',
      }}
    />
  )
}

/** What the page draws of a tree. */
export function pictureOf(shown: ShownTree, view: string | null): TreePicture {
  const {marks, ids, kind, distribution, step} = shown
  const idsOf = (keys: readonly string[]) => keys.flatMap((key) => ids.get(key) ?? [])
  const isDraft = kind === 'draft'
  return {
    view: view === 'icicle' ? 'icicle' : 'tree',
    distribution,
    collapsed: isDraft ? [] : idsOf(marks.collapsed),
    pruned: isDraft ? [] : idsOf(marks.pruned),
    pinned: isDraft ? [] : idsOf(marks.pinned),
    selected: selectedNode(shown)?.id ?? null,
    step,
  }
}

interface PreviewProps {
  readonly shown: ShownTree
  readonly picture: TreePicture
  readonly options: CommonFigureOptions
}

function Preview({shown, picture, options}: PreviewProps) {
  const {result, distribution} = shown
  const layout = useMemo(
    () => layoutTreeFigure(result, picture, options),
    [result, picture, options]
  )
  const {noPrompt} = options
  return (
    <TreeFigure
      layout={layout}
      palette={paletteOf(options.theme, options.colors)}
      title={options.title ?? `Tree of ${result.model.id}, ${result.request.strategy}`}
      description={describeTree(result, layout.spans, distribution, {
        step: picture.step,
        noPrompt,
      })}
      metadata=""
    />
  )
}
