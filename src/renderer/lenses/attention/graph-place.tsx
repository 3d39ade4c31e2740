import {columnValue} from '../../../shared/figures/attention/graph-tracks.ts'
import {
  edgeWords,
  formatShare,
  graphCaptionOf,
  nodeWords,
} from '../../../shared/figures/attention/graph-words.ts'
import {formatCount, formatFixed} from '../../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import type {CaptionPart} from '../../../shared/figures/tokens/caption.ts'
import {useSize} from '../../ui/use-size.ts'
import {CaptionText} from '../caption-text.tsx'
import {usePanePlace} from '../use-pane.ts'
import {useWorkbenchState} from '../use-workbench.ts'
import {AttentionWait} from './attention-wait.tsx'
import {GraphView} from './graph-view.tsx'
import {type ShownGraph, useShownGraph} from './use-graph.ts'
import './graph.css'

/** The attention graph, or what is done for it. */
export function GraphPlace() {
  const shown = useShownGraph()
  return shown ? <FilledPlace shown={shown} /> : <AttentionWait />
}

function FilledPlace({shown}: {readonly shown: ShownGraph}) {
  const [ref, {widthPx, heightPx}] = useSize<HTMLDivElement>({place: usePanePlace('graph')})
  return (
    <div ref={ref} className="graph-place">
      {widthPx > 0 && <GraphView shown={shown} widthPx={widthPx} heightPx={heightPx} />}
    </div>
  )
}

/** What is under the pointer, exactly; else what there is to see. */
export function GraphCaption() {
  const shown = useShownGraph()
  const pointed = useWorkbenchState((state) => state.graphPointed)
  if (!shown) return 'What each token reads from, through the layers.'
  const {data, graph, into, importance, layers, runId} = shown
  const part = pointed?.runId === runId ? pointed.part : null
  const names = {tokens: data.tokens, into}
  const parts: CaptionPart[] =
    part?.kind === 'column'
      ? columnWords(shown, part)
      : graph && part?.kind === 'node'
        ? nodeWords(graph, part, names)
        : graph && part?.kind === 'edge'
          ? edgeWords(graph, part.edge, names)
          : graphCaptionOf({...names, layers, importance})
  return <CaptionText parts={parts} />
}

/** A column's importance by every form that is there, exactly. */
function columnWords(
  {data, tracks}: ShownGraph,
  {first, end}: {readonly first: number; readonly end: number}
): CaptionPart[] {
  const parts: CaptionPart[] = []
  const main = tracks[0]?.importance
  const {position} = main ? columnValue(main.values, {first, end}) : {position: first}
  const token = data.tokens[position]
  parts.push({kind: 'token', text: token ? plainGlyphs(token) || '∅' : ''})
  const values = tracks.flatMap(({id, importance, title}) => {
    const value = importance?.values[position]
    if (value === undefined) return []
    const isShare = id === 'attention-rollout' || id === 'attention-flow'
    return [`${title} ${isShare ? formatShare(value) : formatFixed(value, 3)}`]
  })
  const several =
    end - first > 1
      ? `, the most important of tokens ${formatCount(first)} to ${formatCount(end - 1)}`
      : ''
  const words = values.length > 0 ? `: ${values.join(', ')}` : ''
  parts.push({kind: 'words', text: ` at ${formatCount(position)}${several}${words}.`})
  return parts
}
