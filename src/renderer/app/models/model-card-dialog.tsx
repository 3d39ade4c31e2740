import {lazy, Suspense, useEffect, useState} from 'react'
import type {ModelListing} from '../../../shared/domain/model.ts'
import {formatProblem, type Problem} from '../../../shared/domain/problem.ts'
import {formatCount} from '../../../shared/figures/number-format.ts'
import {copyText} from '../../commands/copy-text.ts'
import {useActions, useWorkbench, useWorkbenchState} from '../../lenses/use-workbench.ts'
import {shownProblem} from '../../store/context.ts'
import {refOfListing} from '../../store/models.ts'
import {Button} from '../../ui/button.tsx'
import {Dialog} from '../../ui/dialog.tsx'
import {bytesText} from '../jobs.ts'
import './model-card-dialog.css'

/** Few open a card, so what reads Markdown is not in what the page starts with. */
const MarkdownText = lazy(() =>
  import('../../ui/markdown.tsx').then((module) => ({default: module.MarkdownText}))
)

/** What a model's makers say of it: the README of its folder. */
export function ModelCardDialog() {
  const {closeDialog} = useActions()
  const {isOpen, listing} = useWorkbenchState((state) => ({
    isOpen: state.dialog === 'model-card',
    listing: state.listings.find(({path}) => path === state.dialogNote) ?? null,
  }))
  return (
    <Dialog
      title={listing ? `Card of ${listing.id}` : 'Model card'}
      isOpen={isOpen && listing !== null}
      onClose={closeDialog}
      widthPx={800}
      testId="model-card"
    >
      {isOpen && listing && <CardBody key={listing.path} listing={listing} />}
    </Dialog>
  )
}

type Card = {readonly path: string; readonly text: string} | {readonly problem: Problem} | null

function useCard(listing: ModelListing): Card {
  const {client} = useWorkbench()
  const [card, setCard] = useState<Card>(null)
  useEffect(() => {
    const abort = new AbortController()
    client.models.card(refOfListing(listing), {signal: abort.signal}).then(
      (read) => setCard(read),
      (error) => {
        if (!abort.signal.aborted) setCard({problem: shownProblem(error)})
      }
    )
    return () => abort.abort()
  }, [client, listing])
  return card
}

function CardBody({listing}: {readonly listing: ModelListing}) {
  const workbench = useWorkbench()
  const card = useCard(listing)
  const problem = card && 'problem' in card ? card.problem : null
  const text = card && 'text' in card ? card.text : null
  const path = card && 'path' in card ? card.path : listing.path
  return (
    <>
      <div className="card-facts" data-testid="card-facts">
        {factsOf(listing).map(([name, value]) => (
          <span key={name}>
            <span className="ink-3">{name}</span> {value}
          </span>
        ))}
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys. */}
      <section className="card-text" tabIndex={0} aria-label="Card" aria-busy={card === null}>
        {problem && (
          <div role="alert" data-testid="card-problem">
            <p>{problem.message}</p>
            <pre>{formatProblem(problem).split('\n').slice(1).join('\n')}</pre>
          </div>
        )}
        {text !== null && (
          <Suspense fallback={<p className="ink-3">Reading the card…</p>}>
            {text.trim() === '' ? (
              <p className="ink-3">The file is empty.</p>
            ) : (
              <MarkdownText text={text} />
            )}
          </Suspense>
        )}
      </section>
      <div className="dialog-foot">
        <span className="clip mono small ink-3" data-hint={path}>
          {path}
        </span>
        <span className="grow" />
        <Button
          look="edge"
          onPress={() => workbench.actions.openDialog('inspect', listing.path)}
          testId="card-inspect"
        >
          What can be seen in it
        </Button>
        <Button
          look="edge"
          isDisabled={text === null}
          onPress={() => void copyText(workbench, text ?? '', 'the card')}
        >
          Copy the text
        </Button>
      </div>
    </>
  )
}

/** What its files tell, whatever the card says. */
function factsOf(listing: ModelListing): [name: string, value: string][] {
  const {family, layerCount, queryHeadCount, keyValueHeadCount, vocabularySize} = listing
  const heads =
    queryHeadCount === null || layerCount === null
      ? null
      : `${layerCount} × ${queryHeadCount}${
          keyValueHeadCount !== null && keyValueHeadCount !== queryHeadCount
            ? ` (${keyValueHeadCount} key–value)`
            : ''
        }`
  const count = (value: number | null, unit: string) =>
    value === null ? null : `${formatCount(value)} ${unit}`
  const facts: readonly (readonly [string, string | null])[] = [
    ['family', family],
    ['layers × heads', heads],
    ['vocabulary', count(vocabularySize, 'tokens')],
    ['context', count(listing.contextLength, 'tokens')],
    ['files', listing.dtypes.join(', ') || null],
    ['size', listing.bytes > 0 ? bytesText(listing.bytes) : null],
  ]
  return facts.flatMap(([name, value]) => (value === null ? [] : [[name, value]]))
}
