import type {ReactNode} from 'react'
import {formatFixed, NO_VALUE} from '../../../shared/figures/number-format.ts'
import {Choice} from '../../ui/choice.tsx'
import {useActions, useWorkbenchState} from '../use-workbench.ts'
import {type TrustCell, type TrustRow, trustRows} from './trust-rows.ts'
import type {PaneAttribution} from './use-attribution.ts'

export interface TrustTableProps {
  readonly shown: PaneAttribution
  /** The two ratios to random alone. */
  readonly isBrief?: boolean
}

/** Soft-NS and Soft-NC of each method beside chance: which of them to trust on this target. */
export function TrustTable({shown, isBrief = false}: TrustTableProps) {
  const {changeAttributionLooks} = useActions()
  const {looks, hasChecks, draws} = useWorkbenchState((state) => ({
    looks: state.attributionLooks,
    hasChecks: state.attributionChoice.hasChecks,
    draws: state.attributionChoice.draws,
  }))
  const rows = trustRows(shown, looks)
  if (!hasChecks) {
    return (
      <p className="small ink-3">
        Faithfulness and curves are switched off (Settings, checks after it).
      </p>
    )
  }
  return (
    <section className="trust" aria-label="Can it be trusted?" data-testid="trust">
      <h2>
        Can it be trusted?
        <span className="end">
          <Choice
            label="Form of the metrics"
            value={looks.form}
            options={[
              {value: 'paper', text: 'paper form'},
              {value: 'released', text: 'released form'},
            ]}
            onChange={(form) => changeAttributionLooks({form})}
          />
        </span>
      </h2>
      <TableScroll isBrief={isBrief}>
        <table className="number-table trust-table">
          <thead>
            <tr>
              <th scope="col">method</th>
              {!isBrief && (
                <th scope="col" className="measured">
                  Soft-NS
                </th>
              )}
              <th scope="col" data-hint="attribution-log-ratio">
                {isBrief ? 'Soft-NS' : 'ln / random'}
              </th>
              {!isBrief && <th scope="col">ln / shuffled</th>}
              {!isBrief && (
                <th scope="col" className="measured">
                  Soft-NC
                </th>
              )}
              <th scope="col" data-hint="attribution-log-ratio">
                {isBrief ? 'Soft-NC' : 'ln / random'}
              </th>
              {!isBrief && <th scope="col">ln / shuffled</th>}
              <th scope="col" data-hint="attribution-rank-correlation">
                rank ρ
              </th>
              {!isBrief && <th scope="col">deletion</th>}
              {!isBrief && <th scope="col">insertion</th>}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Row key={row.key} row={row} isBrief={isBrief} />
            ))}
            <tr>
              <th scope="row" className="ink-3">
                Random scores
              </th>
              {!isBrief && <td>{NO_VALUE}</td>}
              <td>0.00</td>
              {!isBrief && <td>{NO_VALUE}</td>}
              {!isBrief && <td>{NO_VALUE}</td>}
              <td>0.00</td>
              {!isBrief && <td>{NO_VALUE}</td>}
              <td>{NO_VALUE}</td>
              {!isBrief && <td>{NO_VALUE}</td>}
              {!isBrief && <td>{NO_VALUE}</td>}
            </tr>
          </tbody>
        </table>
      </TableScroll>
      <p className="small ink-3">
        {isBrief
          ? `ln of the mean over ${draws} draws to that of random scores, inserted and special tokens ${looks.areSpecialsPerturbed ? 'perturbed too' : 'left out'}. `
          : `Mean over ${draws} draws ± its standard error; ln of it to random scores and to the own scores at other positions; inserted and special tokens ${looks.areSpecialsPerturbed ? 'perturbed too' : 'left out'}. `}
        Zeroed embeddings are out of distribution: ranks methods, not truth; never compare across
        lengths. Scores pass a softmax first, so small ones, such as losses of probability, count as
        nearly even.{' '}
        <button
          type="button"
          className="text-button"
          aria-pressed={looks.areSpecialsPerturbed}
          onClick={() =>
            changeAttributionLooks({areSpecialsPerturbed: !looks.areSpecialsPerturbed})
          }
        >
          {looks.areSpecialsPerturbed ? 'Leave specials out' : 'Perturb specials too'}
        </button>
      </p>
    </section>
  )
}

/** What has too many columns for a narrow pane is scrolled; the brief form never has. */
function TableScroll({
  isBrief,
  children,
}: {
  readonly isBrief: boolean
  readonly children: ReactNode
}) {
  if (isBrief) return children
  return (
    <section
      className="trust-scroll"
      aria-label="Metrics by method"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
      tabIndex={0}
    >
      {children}
    </section>
  )
}

function Row({row, isBrief}: {readonly row: TrustRow; readonly isBrief: boolean}) {
  const {askAttribution} = useActions()
  const {cells, rho, note, offer} = row
  const full = (cell: TrustCell) =>
    cell.value === null
      ? NO_VALUE
      : `${formatFixed(cell.value, 3)}${cell.standardError === null ? '' : ` ± ${formatFixed(cell.standardError, 3)}`}`
  return (
    <tr data-method={row.key} className={row.isMain ? 'on' : ''}>
      <th
        scope="row"
        className={`clip ${row.isMain ? 'strong' : ''}`}
        data-hint={note ?? undefined}
      >
        {row.name}
        {note && (
          <span className="ink-3"> {note === 'running' || note === 'waits' ? note : '✕'}</span>
        )}
        {offer && (
          <>
            {' '}
            <button
              type="button"
              className="text-button"
              aria-label={`Run ${row.name}, about ${formatFixed(offer.seconds, 0)} s`}
              data-testid={`run-${row.key}`}
              onClick={() => askAttribution(offer.key)}
            >
              run, {formatFixed(offer.seconds, 0)} s
            </button>
          </>
        )}
      </th>
      {(['soft-ns', 'soft-nc'] as const).map((metric) => {
        const cell = cells[metric]
        return isBrief ? (
          <td
            key={metric}
            data-metric={metric}
            data-value={cell.value ?? ''}
            data-hint={full(cell)}
          >
            {formatFixed(cell.toRandom, 2)}
          </td>
        ) : (
          [
            <td key={`${metric} value`} data-metric={metric} data-value={cell.value ?? ''}>
              {full(cell)}
            </td>,
            <td key={`${metric} random`}>{formatFixed(cell.toRandom, 2)}</td>,
            <td key={`${metric} permuted`}>{formatFixed(cell.toPermuted, 2)}</td>,
          ]
        )
      })}
      <td data-rho={rho ?? ''}>{formatFixed(rho, 2)}</td>
      {!isBrief && <td>{formatFixed(row.deletionArea, 2)}</td>}
      {!isBrief && <td>{formatFixed(row.insertionArea, 2)}</td>}
    </tr>
  )
}
