import {formatCount, formatMany} from '../../../shared/figures/number-format.ts'
import type {ParsedList} from '../../../shared/prompts/parsed-list.ts'
import {shownText} from './prompt-list-text.ts'

const MOST_ROWS = 30
const MOST_SKIPPED = 100

export interface ListPreviewProps {
  readonly list: ParsedList
  /** Rows that the list still takes. */
  readonly room: number
}

/** What a source was understood as: the first rows, and every line that was not. */
export function ListPreview({list, room}: ListPreviewProps) {
  const {rows, skipped, skippedCount, lineCount, overCount} = list
  const leftOut = overCount + Math.max(0, rows.length - room)
  const hasAnswers = rows.some(({answer}) => answer !== null)
  return (
    <>
      <div data-testid="import-summary" role="status">
        {formatMany(rows.length, 'prompt')} from {formatMany(lineCount, 'line')}
        {hasAnswers && `, answers by ${list.answersFrom}`}
        {skippedCount > 0 && `; ${formatMany(skippedCount, 'line')} skipped`}.
        {leftOut > 0 && (
          <span className="warn">
            {' '}
            ▲ {formatMany(leftOut, 'prompt')} over the limit would be left out.
          </span>
        )}
      </div>
      <section
        className="import-preview"
        aria-label="Preview"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
        tabIndex={0}
      >
        <table>
          <thead>
            <tr>
              <th scope="col" className="number">
                line
              </th>
              <th scope="col">prompt</th>
              {hasAnswers && <th scope="col">answer</th>}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, MOST_ROWS).map((row) => (
              <tr key={row.line}>
                <td className="number ink-3">{formatCount(row.line)}</td>
                <td className="mono clip">
                  {row.messages && (
                    <span className="ink-3">
                      chat of {formatMany(row.messages.length, 'turn')}:{' '}
                    </span>
                  )}
                  {shownText(row.prompt.slice(0, 300))}
                </td>
                {hasAnswers && <td className="mono clip">{shownText(row.answer ?? '')}</td>}
              </tr>
            ))}
          </tbody>
        </table>
        {rows.length > MOST_ROWS && (
          <div className="ink-3">{formatCount(rows.length - MOST_ROWS)} more</div>
        )}
      </section>
      {skippedCount > 0 && (
        <section
          className="import-skipped"
          aria-label="Skipped lines"
          data-testid="import-skipped"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
          tabIndex={0}
        >
          {skipped.slice(0, MOST_SKIPPED).map(({line, reason}) => (
            <div key={`${line} ${reason}`}>
              <span className="warn">▲</span> line {formatCount(line)} {reason}
            </div>
          ))}
          {skippedCount > Math.min(MOST_SKIPPED, skipped.length) && (
            <div>{formatCount(skippedCount - Math.min(MOST_SKIPPED, skipped.length))} more</div>
          )}
        </section>
      )}
    </>
  )
}
