import {formatCount} from '../../../shared/figures/number-format.ts'
import {wholeTicks} from '../../../shared/figures/scale.ts'
import type {ConvergenceTrace} from '../../store/attribution-captures.ts'
import {usePalette} from '../use-theme.ts'
import type {PaneAttribution} from './use-attribution.ts'

const HEIGHT_PX = 132
const LEFT_PX = 28
const TOP_PX = 8
const BOTTOM_PX = 20
const RIGHT_PX = 8

/** What each probe's highest positions alone leave of the target, step by step. */
export function ConvergencePlot({
  shown,
  widthPx,
}: {
  readonly shown: PaneAttribution
  readonly widthPx: number
}) {
  const palette = usePalette()
  const {result, row, rowIndex, main} = shown
  if (!result || !row) return null
  const trace = main?.capture?.traces.get(rowIndex)
  const {keepCount, maxSteps} = result.settings
  const isContrast = row.target.contrastId !== null
  const step = row.stepCount
  const isRunning = main?.job?.phase.kind === 'running' && row.stopReason === 'cancelled'
  const end = Math.max(4, Math.min(maxSteps, isRunning ? Math.ceil(step * 1.25) : step))
  const plotPx = widthPx - LEFT_PX - RIGHT_PX
  const plotHeight = HEIGHT_PX - TOP_PX - BOTTOM_PX
  const xOf = (at: number) => LEFT_PX + (at / end) * plotPx
  const yOf = (prob: number) => TOP_PX + (1 - prob) * plotHeight
  return (
    <section aria-label="Convergence" data-testid="convergence" data-step={step}>
      <h2>
        Convergence
        <span className="end ink-3">
          {isContrast ? 'p(A) / (p(A) + p(B))' : 'p'} with the {formatCount(keepCount)} best alone
        </span>
      </h2>
      <svg
        width={widthPx}
        height={HEIGHT_PX}
        role="img"
        aria-label={`Each probe's probability of the target with its rationale alone, up to step ${formatCount(step)}`}
      >
        {[0, 0.5, 1].map((prob) => (
          <g key={prob}>
            <path d={`M${LEFT_PX} ${yOf(prob)}H${widthPx - RIGHT_PX}`} stroke={palette.line} />
            <text
              x={LEFT_PX - 6}
              y={yOf(prob) + 4}
              fontSize={11}
              textAnchor="end"
              fill={palette.ink3}
            >
              {prob}
            </text>
          </g>
        ))}
        {wholeTicks(end, 5).map((tick) => (
          <text
            key={tick}
            x={xOf(tick)}
            y={HEIGHT_PX - 6}
            fontSize={11}
            textAnchor={tick === 0 ? 'start' : tick === end ? 'end' : 'middle'}
            fill={palette.ink3}
          >
            {formatCount(tick)}
            {tick === 0 ? ' steps' : ''}
          </text>
        ))}
        {trace?.keptProbs.map((probs, probe) => {
          const hasStopped = row.probes[probe]?.converged ?? false
          const points = pointsOf(trace, probs, row.probes[probe]?.stepCount ?? 0)
          const last = points.at(-1)
          return (
            <g key={probe} data-probe={probe} data-stopped={hasStopped}>
              <path
                d={points
                  .map(({at, prob}, i) => `${i ? 'L' : 'M'}${xOf(at)} ${yOf(prob)}`)
                  .join('')}
                fill="none"
                stroke={hasStopped ? palette.ink1 : palette.mark}
                strokeWidth={hasStopped ? 1.25 : 1}
              />
              {hasStopped && last && (
                <circle cx={xOf(last.at)} cy={yOf(last.prob)} r={3} fill={palette.ink1} />
              )}
            </g>
          )
        })}
        {isRunning && (
          <path d={`M${xOf(step)} ${TOP_PX}V${TOP_PX + plotHeight}`} stroke={palette.accent} />
        )}
      </svg>
    </section>
  )
}

/** A probe's points, up to its own last step. */
function pointsOf({steps}: ConvergenceTrace, probs: readonly number[], ownLast: number) {
  return steps.flatMap((at, i) => {
    const prob = probs[i]!
    return Number.isNaN(prob) ? [] : {at: Math.min(at, ownLast), prob}
  })
}
