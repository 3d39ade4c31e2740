import {
  formatCount,
  formatFixed,
  formatMany,
  NO_VALUE,
} from '../../../shared/figures/number-format.ts'
import type {
  AttentionSource,
  InspectCheck,
  InspectResult,
  LensAvailability,
} from '../../../shared/lenses/inspect.ts'
import {valueNormWords} from '../../../shared/lenses/value-norms.ts'
import {bytesText} from '../jobs.ts'

interface ResultProps {
  readonly result: InspectResult
}

const LENS_NAMES: Readonly<Record<LensAvailability['lens'], string>> = {
  tokens: 'Tokens',
  attention: 'Attention',
  'logit-lens': 'Logit lens',
  intervene: 'Interventions',
}

/** Which lenses there are of the model, and what stands in the way of the others. */
export function InspectLenses({result}: ResultProps) {
  return (
    <ul className="inspect-lenses" aria-label="Lenses">
      {result.lenses.map(({lens, available, reason}) => (
        <li key={lens} data-lens={lens} data-available={available}>
          <span className={available ? 'passed' : 'failed'} aria-hidden="true">
            {available ? '✓' : '✕'}
          </span>
          <span className="strong">{LENS_NAMES[lens]}</span>
          <span className="ink-2">
            {available
              ? reason
                ? `available, ${reason}`
                : 'available'
              : `not available: ${reason}`}
          </span>
        </li>
      ))}
    </ul>
  )
}

/** What was found of stream, head, cache and costs, or why it was not. */
export function InspectFacts({result}: ResultProps) {
  const {kind, family, nodeCount, opsets, layers, residual, head, kvCache, estimate} = result
  const {problems, warnings} = result
  const sets = Object.entries(opsets).map(([domain, version]) => `${domain} ${version}`)
  const [first] = residual
  const facts: readonly (readonly [string, string])[] = [
    ['model', `${kind}, ${family}`],
    ['graph', `${formatMany(nodeCount, 'node')}; ${sets.join(', ')}`],
    [
      'residual stream',
      first
        ? `${formatMany(residual.length, 'point')}, from ${first.tensor} to ${residual.at(-1)!.tensor}`
        : 'not found',
    ],
    ['final norm', head?.norm ?? (head ? 'not told apart from the head' : 'not found')],
    ['output head', head?.output ?? 'not found'],
    // Of what cannot be captured there is nothing to be said.
    ...(estimate.bytes === 0 ? [] : [['value norms', valueNormWords(layers)] as const]),
    [
      'KV cache',
      kvCache
        ? `${formatMany(kvCache.tensors.length, 'tensor')}${kvCache.isMerged ? ', with a switch for the first run' : ''}`
        : 'none: every run takes the whole sequence',
    ],
    [
      'to capture it all',
      estimate.bytes === 0
        ? 'nothing'
        : `${estimate.bytes === null ? 'known only to a run' : bytesText(estimate.bytes)}${
            estimate.seconds === null ? '' : `, about ${formatFixed(estimate.seconds, 1)} s`
          }, for ${formatCount(estimate.tokenCount)} tokens`,
    ],
  ]
  return (
    <>
      <dl className="inspect-facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {warnings.length > 0 && (
        <ul className="inspect-problems" aria-label="Warnings">
          {warnings.map(({code, message}) => (
            <li key={`${code} ${message}`}>{message}</li>
          ))}
        </ul>
      )}
      {problems.length > 0 && (
        <ul className="inspect-problems" aria-label="Not found">
          {problems.map(({code, field, message, found, advice}) => (
            <li key={`${code} ${field ?? ''}`}>
              {field && <span className="mono">{field}: </span>}
              {message} {found && `Found: ${found}. `}
              <span className="ink-3">{advice}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

const CHECK_NAMES: Readonly<Record<InspectCheck['check'], string>> = {
  'logits-equal': 'logits as without outputs added',
  'row-sums': 'rows sum to 1',
  'forbidden-keys': 'forbidden keys are 0',
  'head-counts': 'head counts',
  'recomputed-rows': 'recomputed rows as handed out',
  'cached-rows': 'rows through the cache',
  'values-mixed': 'weights × values as heads give',
  padding: 'padding changes nothing',
  'lens-equal': 'lens of the last layer as the logits',
}

/** Each check with its figure. */
export function InspectChecks({checks}: {readonly checks: readonly InspectCheck[]}) {
  return (
    <table className="inspect-table" data-testid="inspect-checks">
      <thead>
        <tr>
          <th scope="col">check</th>
          <th scope="col" className="number">
            deviation
          </th>
          <th scope="col" className="number">
            limit
          </th>
          <th scope="col">what was compared</th>
        </tr>
      </thead>
      <tbody>
        {checks.map(({check, value, limit, passed, note}) => (
          <tr key={check} data-check={check} data-passed={passed ?? 'not-applicable'}>
            <th scope="row">
              {passed === null ? (
                <span className="ink-3">–</span>
              ) : (
                <span className={passed ? 'passed' : 'failed'}>{passed ? '✓' : '✕'}</span>
              )}{' '}
              {CHECK_NAMES[check]}
              {passed === false && <span className="visually-hidden">, failed</span>}
            </th>
            <td className="number">{figureText(value)}</td>
            <td className="number">{figureText(limit)}</td>
            <td className="ink-2">{note}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

const figureText = (value: number | null) =>
  value === null
    ? NO_VALUE
    : Number.isInteger(value)
      ? formatCount(value)
      : value.toExponential(1).replace('-', '−')

const SOURCES: Readonly<Record<AttentionSource, {name: string; hint: string}>> = {
  'queries-keys': {
    name: 'queries and keys',
    hint: 'Queries and keys are captured as they enter the product, and rows are computed from them on demand: memory grows with the tokens.',
  },
  softmax: {
    name: 'softmax',
    hint: 'The weights are taken after the graph’s own softmax: memory grows with the square of the tokens.',
  },
  'qk-output': {
    name: 'handed out',
    hint: 'The fused operator is asked to hand out its weights: memory grows with the square of the tokens.',
  },
  rebuilt: {
    name: 'rebuilt',
    hint: 'Nodes beside the fused operator rebuild its weights from its own inputs: memory grows with the square of the tokens.',
  },
  none: {name: 'none', hint: 'The attention of this layer cannot be had.'},
}

/** Where each layer's attention comes from. */
export function InspectLayers({result: {layers}}: ResultProps) {
  if (layers.length === 0) return <p className="ink-3">No attention was found in the graph.</p>
  return (
    <table className="inspect-table" data-testid="inspect-layers">
      <thead>
        <tr>
          <th scope="col">layer</th>
          <th scope="col">attention from</th>
          <th scope="col" className="number">
            heads
          </th>
          <th scope="col" className="number">
            key–value
          </th>
          <th scope="col">node</th>
        </tr>
      </thead>
      <tbody>
        {layers.map(({layer, attention, queryHeadCount, keyValueHeadCount}) => (
          <tr key={layer} data-source={attention.source}>
            <th scope="row">L{layer}</th>
            <td data-hint={SOURCES[attention.source].hint} data-hint-under="">
              {attention.source === 'none' && <span className="failed">✕ </span>}
              {SOURCES[attention.source].name}
              {attention.reason && <span className="ink-3">: {attention.reason}</span>}
            </td>
            <td className="number">{queryHeadCount ?? NO_VALUE}</td>
            <td className="number">{keyValueHeadCount ?? NO_VALUE}</td>
            <td className="mono small ink-2 inspect-node">{attention.node ?? NO_VALUE}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
