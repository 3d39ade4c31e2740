import {formatCount, formatMany, formatProb} from '../../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import type {BytesResult} from '../../../shared/lenses/bytes.ts'
import {selectShownBytes} from '../../store/next-bytes.ts'
import {Button} from '../../ui/button.tsx'
import {HintArea} from '../../ui/hint-area.tsx'
import {usePaneIndex, usePaneSuffix} from '../use-pane.ts'
import {useActions, useWorkbenchState} from '../use-workbench.ts'
import {byteRows} from './byte-rows.ts'
import './next-bytes.css'

/** The exact distribution of the byte after the locked token, beside what its tokens alone would say. */
export function NextBytes() {
  const {toggleNextBytes} = useActions()
  const isShown = useWorkbenchState((state) => state.isByteShown)
  const suffix = usePaneSuffix()
  return (
    <HintArea>
      <section className="next-bytes" aria-label={`Next byte${suffix}`}>
        <Button
          look="plain"
          className="next-bytes-head"
          aria-expanded={isShown}
          onPress={toggleNextBytes}
          testId="next-bytes-toggle"
        >
          <span data-hint="next-byte">
            {isShown ? '▾' : '▸'} <span className="strong">Next byte</span>, exact
          </span>
        </Button>
        {isShown && <ShownBytes />}
      </section>
    </HintArea>
  )
}

function ShownBytes() {
  const pane = usePaneIndex()
  const {askNextBytes, cancelNextBytes} = useActions()
  const {key, job, result} = useWorkbenchState((state, {captures}) =>
    selectShownBytes(state, captures, pane)
  )
  if (key === null) return <p className="ink-3">Comes when the prompt has been read.</p>
  if (result) return <ByteTable result={result} />
  const ask = (title: string) => (
    <Button look="edge" onPress={() => askNextBytes(key)} testId="next-bytes-ask">
      {title}
    </Button>
  )
  switch (job?.phase.kind) {
    case 'offered':
      return (
        <p>
          Every way to cut the last word needs a run of its own: about{' '}
          {formatCount(Math.ceil(job.phase.seconds))} s. {ask('Compute it')}
        </p>
      )
    case 'cancelled':
      return <p>Cancelled. {ask('Compute it')}</p>
    case 'failed': {
      const {message, found, expected, advice, code} = job.phase.problem
      return (
        <p role="alert" data-testid="next-bytes-problem" data-code={code}>
          <span className="failed">✕</span> {message}
          {found && ` Found: ${found}.`}
          {expected && ` Expected: ${expected}.`} {advice} {ask('Try again')}
        </p>
      )
    }
    default:
      return (
        <p role="status">
          Every way to cut the last word is run.{' '}
          <Button look="edge" onPress={() => cancelNextBytes(key)} testId="next-bytes-cancel">
            Cancel
          </Button>
        </p>
      )
  }
}

function ByteTable({result}: {readonly result: BytesResult}) {
  const {rows, rest, longest} = byteRows(result)
  const {endProb, leakProb, totalVariation, coverCount} = result
  const hasTokens = totalVariation !== null
  return (
    <>
      <table className="next-bytes-table" data-testid="next-bytes">
        <thead>
          <tr>
            <th scope="col">byte</th>
            <th scope="col" className="bar">
              0 to {formatProb(longest)}
            </th>
            {hasTokens && (
              <th scope="col" data-hint="next-byte-tokens">
                by tokens
              </th>
            )}
            <th scope="col" data-hint="next-byte">
              exact
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({byte, hex, prob, tokenProb}) => (
            <tr key={byte} data-byte={hex} data-prob={prob}>
              <th scope="row" data-hint={`0x${hex}`}>
                <span className="mono">{plainGlyphs({bytesHex: hex, isSpecial: false})}</span>
              </th>
              <td className="bar" aria-hidden="true">
                <span className="solid" style={{width: share(prob, longest)}} />
                {tokenProb !== null && tokenProb >= LEAST_DRAWN * longest && (
                  <span className="hollow" style={{width: share(tokenProb, longest)}} />
                )}
              </td>
              {hasTokens && <td>{formatProb(tokenProb)}</td>}
              <td>{formatProb(prob)}</td>
            </tr>
          ))}
          <tr className="ink-3">
            <th scope="row" colSpan={2}>
              {formatMany(256 - rows.length, 'other')}
            </th>
            {hasTokens && <td>{formatProb(rest.tokenProb)}</td>}
            <td>{formatProb(rest.prob)}</td>
          </tr>
          <tr className="ink-3">
            <th scope="row" colSpan={hasTokens ? 3 : 2} data-hint="next-byte-leak">
              end {formatProb(endProb)}, leak
            </th>
            <td>{formatProb(leakProb)}</td>
          </tr>
        </tbody>
      </table>
      <p className="ink-3">
        {formatMany(coverCount, 'encoding')} of the last word
        {hasTokens && `; hollow by tokens, ${formatProb(totalVariation)} of the mass elsewhere`}.
      </p>
    </>
  )
}

/** A shorter bar would be its outline alone. */
const LEAST_DRAWN = 0.01

const share = (prob: number, longest: number) => `${(100 * prob) / longest}%`
