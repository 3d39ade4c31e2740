import {useEffect, useMemo} from 'react'
import {bytesOfHex, displayTextOfBytes} from '../../../shared/domain/token.ts'
import {formatCount} from '../../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import type {TokensRun} from '../../../shared/lenses/assemble-tokens.ts'
import type {ScoredToken} from '../../../shared/lenses/tokens.ts'
import {useDataOf} from '../../lenses/use-tokens.ts'
import {useActions, useWorkbench, useWorkbenchState} from '../../lenses/use-workbench.ts'
import {vocabularyKey} from '../../store/captures.ts'
import {selectRun} from '../../store/run-records.ts'
import {selectVocabularySize} from '../../store/selectors.ts'
import type {CardTarget, RunId} from '../../store/state.ts'
import {Button} from '../../ui/button.tsx'
import {Chip} from '../../ui/chip.tsx'
import {Dialog} from '../../ui/dialog.tsx'
import {HintArea} from '../../ui/hint-area.tsx'
import {CopyValue} from '../copy-value.tsx'
import {factsOfToken} from '../inspector/inspector-facts.ts'
import {cellsOf} from '../token-strip/token-cells.ts'
import {codePointsOf} from './card-facts.ts'
import {CardOrigin} from './token-card-origin.tsx'
import {CardPlaces} from './token-card-places.tsx'
import './token-card.css'

/** Opens the card of a token over the page. */
export function TokenCardHost() {
  const card = useWorkbenchState((state) => state.card)
  return card === null ? null : <TokenCard card={card} />
}

/** What a card tells of an entry of the vocabulary. */
interface CardEntry {
  readonly id: number
  readonly bytesHex: string
  readonly isSpecial: boolean
}

function TokenCard({card}: {readonly card: CardTarget}) {
  const {closeCard} = useActions()
  const data = useDataOf(card.runId)
  const token = card.kind === 'place' ? (data?.tokens[card.position] ?? null) : null
  const known = useEntry(card.runId, card.kind === 'entry' ? card.tokenId : null)
  const entry: CardEntry | null =
    token ??
    known ??
    (card.kind === 'entry' ? {id: card.tokenId, bytesHex: '', isSpecial: false} : null)
  useCardKeys(card, data)
  if (!entry) return null
  return (
    <Dialog title="Token" isOpen onClose={closeCard} widthPx={760} testId="token-card">
      <HintArea>
        <div className="token-card">
          <CardHead card={card} entry={entry} token={token} data={data} />
          <div className="token-card-columns">
            <div>
              <EntryFacts entry={entry} token={token} />
              <CodePoints bytesHex={entry.bytesHex} />
              <CardOrigin runId={card.runId} id={entry.id} bytesHex={entry.bytesHex} />
            </div>
            <div>
              {token && data && <PlaceFacts token={token} data={data} />}
              {data && <CardPlaces runId={card.runId} data={data} id={entry.id} token={token} />}
            </div>
          </div>
        </div>
      </HintArea>
    </Dialog>
  )
}

/** What is known of an entry of a run's vocabulary; asked for where it is not. */
function useEntry(runId: RunId, tokenId: number | null): CardEntry | null {
  const {captures, actions} = useWorkbench()
  const model = useWorkbenchState((state) => selectRun(state, runId)?.request.model ?? null)
  useWorkbenchState((state) => state.vocabularyRevision)
  useEffect(() => {
    if (model !== null && tokenId !== null) void actions.describeTokens(model, [tokenId])
  }, [model, tokenId, actions])
  if (model === null || tokenId === null) return null
  return captures.vocabulary.peek(vocabularyKey(model, tokenId)) ?? null
}

/** The arrows walk to the neighbours while the card is open. */
function useCardKeys(card: CardTarget, data: TokensRun | null): void {
  const {openCard} = useActions()
  const count = data?.tokens.length ?? 0
  useEffect(() => {
    if (card.kind !== 'place') return
    const {runId, position} = card
    const listen = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return
      const steps: Readonly<Record<string, number>> = {
        ArrowLeft: position - 1,
        ArrowRight: position + 1,
        Home: 0,
        End: count - 1,
      }
      const to = steps[event.key]
      if (to === undefined || to < 0 || to >= count) return
      event.preventDefault()
      openCard({kind: 'place', runId, position: to})
    }
    document.addEventListener('keydown', listen)
    return () => document.removeEventListener('keydown', listen)
  }, [card, count, openCard])
}

interface CardHeadProps {
  readonly card: CardTarget
  readonly entry: CardEntry
  readonly token: ScoredToken | null
  readonly data: TokensRun | null
}

function CardHead({card, entry, token, data}: CardHeadProps) {
  const {openCard} = useActions()
  const count = data?.tokens.length ?? 0
  const go = (position: number) => openCard({kind: 'place', runId: card.runId, position})
  return (
    <div className="token-card-head">
      <span className="token-card-chip">
        <Chip cells={cellsOf(entry).slice(0, 60)} isSpecial={entry.isSpecial} size="large" />
      </span>
      {token ? (
        <>
          <span className="strong" data-testid="card-place" role="status">
            token {formatCount(token.position)}
            <span className="ink-3"> of {formatCount(count)}</span>
          </span>
          <span className="ink-3">
            {token.position < (data?.promptTokenCount ?? 0) ? 'in the prompt' : 'generated'}
          </span>
          <span className="grow" />
          <Button
            look="edge"
            isDisabled={token.position === 0}
            onPress={() => go(token.position - 1)}
          >
            Previous <kbd>←</kbd>
          </Button>
          <Button
            look="edge"
            isDisabled={token.position >= count - 1}
            onPress={() => go(token.position + 1)}
          >
            Next <kbd>→</kbd>
          </Button>
        </>
      ) : (
        <span className="ink-2" data-testid="card-place">
          entry {formatCount(entry.id)} of the vocabulary
        </span>
      )}
    </div>
  )
}

function EntryFacts({
  entry,
  token,
}: {
  readonly entry: CardEntry
  readonly token: ScoredToken | null
}) {
  const bytes = entry.bytesHex.match(/../gu)?.join(' ') ?? ''
  const text = entry.bytesHex === '' ? '' : displayTextOfBytes(bytesOfHex(entry.bytesHex))
  return (
    <section>
      <h2>Entry of the vocabulary</h2>
      <dl className="facts-list">
        <CopyValue
          name="id"
          text={formatCount(entry.id)}
          exact={String(entry.id)}
          definition="token-id"
        />
        <CopyValue
          name="text"
          text={plainGlyphs({...entry, isSpecial: true}) || '—'}
          exact={text || null}
          definition="token"
          isMono
        />
        <CopyValue
          name="bytes"
          text={bytes || '—'}
          exact={entry.bytesHex || null}
          definition="token-bytes"
          isMono
        />
        <CopyValue
          name="class"
          text={classOf(entry, token)}
          exact={null}
          definition="token-class"
        />
      </dl>
    </section>
  )
}

const SPAN_CLASSES = {
  lossless: '',
  'dummy-prefix': ', space put before it',
  normalized: ', text was changed',
} as const

function classOf(entry: CardEntry, token: ScoredToken | null): string {
  const kind = entry.isSpecial ? 'special' : 'ordinary'
  const inserted = token?.isInserted ? ', inserted' : ''
  return `${kind}${inserted}${token ? SPAN_CLASSES[token.spanClass] : ''}`
}

/** Longer tokens fold the rest. */
const MOST_POINTS = 12

function CodePoints({bytesHex}: {readonly bytesHex: string}) {
  const points = useMemo(() => codePointsOf(bytesHex), [bytesHex])
  return (
    <section>
      <h2>Code points</h2>
      {points.length === 0 ? (
        <div className="ink-3">
          {bytesHex === '' ? 'It stands for no text.' : 'Its bytes are only part of a character.'}
        </div>
      ) : (
        <table className="code-points">
          <tbody>
            {points.slice(0, MOST_POINTS).map(({code, text, kind}, i) => (
              <tr key={i}>
                <td className="mono">{code}</td>
                <td className="mono">{plainGlyphs({bytesHex: hexOf(text), isSpecial: false})}</td>
                <td className="ink-2">{kind}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {points.length > MOST_POINTS && (
        <div className="small ink-3">{formatCount(points.length - MOST_POINTS)} more, folded</div>
      )}
    </section>
  )
}

const hexOf = (text: string) =>
  Array.from(new TextEncoder().encode(text), (byte) => byte.toString(16).padStart(2, '0')).join('')

/** The statistics of the token at its place. */
function PlaceFacts({token, data}: {readonly token: ScoredToken; readonly data: TokensRun}) {
  const vocabularySize = useWorkbenchState((state) => selectVocabularySize(state, data))
  const facts = factsOfToken(token, vocabularySize).filter(
    ({name}) => name !== 'id' && name !== 'bytes' && name !== 'span'
  )
  return (
    <section>
      <h2>At this place</h2>
      <dl className="facts-list">
        {facts.map((fact) => (
          <CopyValue key={fact.name} {...fact} />
        ))}
      </dl>
    </section>
  )
}
