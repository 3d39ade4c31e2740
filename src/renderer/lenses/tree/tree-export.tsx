import {useMemo, useState} from 'react'
import {paletteOf} from '../../../shared/figures/palette.ts'
import {
  type CommonFigureOptions,
  commonFigureOptionsSchema,
  type FigureFormat,
} from '../../../shared/figures/request.ts'
import {TreeFigure} from '../../../shared/figures/tree/figure.tsx'
import {layoutTreeFigure} from '../../../shared/figures/tree/layout.ts'
import {describeTree} from '../../../shared/figures/tree/tree-caption.ts'
import type {TreePicture} from '../../../shared/lenses/tree-picture.ts'
import {ExportFrame} from '../../export/export-frame.tsx'
import {FormatRow, PictureRows, PrivateRow} from '../../export/export-rows.tsx'
import {selectPane} from '../../store/panes.ts'
import {type ShownTree, selectedNode, selectShownTree} from '../../store/tree-shown.ts'
import {Check} from '../../ui/check.tsx'
import {useTheme} from '../use-theme.ts'
import {useActions, useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {treeCommand} from './tree-command.ts'

/** The tree of the active pane as a file. */
export function TreeExport() {
  const {client, captures} = useWorkbench()
  const {closeDialog, notify} = useActions()
  const theme = useTheme()
  const {shown, view, colors} = useWorkbenchState((state) => ({
    shown: selectShownTree(state, captures, state.activePane),
    view: selectPane(state).view,
    colors: state.preferences.colors,
  }))
  const [format, setFormat] = useState<FigureFormat>('svg')
  const [options, setOptions] = useState<CommonFigureOptions>(() =>
    commonFigureOptionsSchema.parse({theme, colors})
  )
  const picture = useMemo(() => shown && pictureOf(shown, view), [shown, view])
  const change = (part: Partial<CommonFigureOptions>) => setOptions({...options, ...part})
  const isPicture = format === 'svg' || format === 'png'
  const request =
    shown && picture
      ? ({figure: 'tree', format, result: shown.result, picture, options} as const)
      : null
  return (
    <ExportFrame
      request={request}
      client={client}
      onClose={closeDialog}
      onNotice={notify}
      onCopyCommand={() => {
        if (!shown || !picture) return
        const command = treeCommand({
          result: shown.result,
          isAsGrown: shown.isAsGrown,
          picture,
          file: {format, options},
        })
        void navigator.clipboard.writeText(command).then(
          () =>
            notify(
              shown.isAsGrown
                ? 'copied the command'
                : 'copied the command; it opens tree.json, which “Save the tree” writes'
            ),
          () => notify('the browser would not copy')
        )
      }}
      form={
        <div className="export-form">
          <FormatRow format={format} onFormat={setFormat} />
          {isPicture && (
            <>
              <PictureRows format={format} options={options} onOptions={change} />
              <div className="form-row">
                <span className="form-label">with</span>
                <Check
                  isOn={options.caption === undefined}
                  onChange={(isOn) => change({caption: isOn ? undefined : ''})}
                >
                  caption
                </Check>
              </div>
            </>
          )}
          <PrivateRow options={options} onOptions={change} />
        </div>
      }
      preview={
        shown === null || picture === null ? (
          <div className="export-preview note" role="status">
            No tree is shown yet.
          </div>
        ) : isPicture ? (
          <Preview shown={shown} picture={picture} options={options} />
        ) : (
          <div className="export-preview note">
            {format === 'json'
              ? 'The tree, to be opened again.'
              : 'One row a node, for spreadsheets.'}
          </div>
        )
      }
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

/** The figure itself, drawn by the component that the file is drawn by. */
function Preview({shown, picture, options}: PreviewProps) {
  const {result, distribution} = shown
  const layout = useMemo(
    () => layoutTreeFigure(result, picture, options),
    [result, picture, options]
  )
  const {noPrompt} = options
  return (
    <section
      className="export-preview"
      aria-label="Preview"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
      tabIndex={0}
      data-testid="export-preview"
    >
      <div className="export-paper">
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
      </div>
    </section>
  )
}
