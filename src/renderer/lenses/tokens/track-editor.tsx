import {useEffect, useState} from 'react'
import {DialogTrigger, Popover} from 'react-aria-components'
import {tokensOfTable} from '../../../shared/domain/token.ts'
import {formatCount, formatMany} from '../../../shared/figures/number-format.ts'
import {glyphsOfTokens, plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import {type VocabularyEntry, vocabularyKey} from '../../store/captures.ts'
import {selectRun} from '../../store/run-records.ts'
import {selectVocabularySize} from '../../store/selectors.ts'
import {selectTrackedIds} from '../../store/tables.ts'
import {Button} from '../../ui/button.tsx'
import {Chip} from '../../ui/chip.tsx'
import {CloseIcon, DownIcon} from '../../ui/icons.tsx'
import {type FoundTokens, foundTokens, NOTHING_FOUND, wholeNumberOf} from '../found-tokens.ts'
import {hasGlyph} from '../has-glyph.ts'
import {usePaneRunId} from '../use-pane.ts'
import {useRunData} from '../use-tokens.ts'
import {useWorkbench, useWorkbenchState} from '../use-workbench.ts'

const MOST_TRACKED = 8
const NONE: readonly number[] = []

/** The tokens that are followed through the text: chosen by their text or their id. */
export function TrackEditor() {
  const runId = usePaneRunId()
  const {model, ids} = useWorkbenchState((state) => {
    const run = selectRun(state, runId)
    return {model: run?.request.model ?? null, ids: run ? selectTrackedIds(run, state) : NONE}
  })
  if (model === null) return null
  return (
    <div className="control-pair">
      <span className="control-label">track</span>
      <DialogTrigger>
        <Button look="filled" testId="track-editor">
          {formatMany(ids.length, 'token')} <DownIcon />
        </Button>
        <Popover
          className="popover popover-body track-editor"
          aria-label="Tracked tokens"
          placement="top start"
          offset={4}
        >
          <TrackedChips model={model} ids={ids} />
          {ids.length < MOST_TRACKED ? (
            <AddTracked model={model} ids={ids} />
          ) : (
            <div className="small ink-3">At most {MOST_TRACKED} at a time.</div>
          )}
        </Popover>
      </DialogTrigger>
    </div>
  )
}

interface TrackedProps {
  readonly model: string
  readonly ids: readonly number[]
}

function TrackedChips({model, ids}: TrackedProps) {
  const {captures, actions} = useWorkbench()
  const isChosen = useWorkbenchState((state) => state.parameters.tracked[model] !== undefined)
  useWorkbenchState((state) => state.vocabularyRevision)
  return (
    <>
      <div className="track-chips">
        {ids.map((id) => {
          const known = captures.vocabulary.peek(vocabularyKey(model, id))
          const name = (known && plainGlyphs({...known, isSpecial: true})) || `#${id}`
          return (
            <span key={id} className="track-chip">
              <TokenChip entry={known ?? {id, bytesHex: '', isSpecial: false}} />
              <Button
                look="icon"
                aria-label={`Stop tracking ${name}`}
                onPress={() =>
                  actions.setTracked(
                    model,
                    ids.filter((other) => other !== id)
                  )
                }
              >
                <CloseIcon />
              </Button>
            </span>
          )
        })}
        {ids.length === 0 && <span className="ink-3">No token is tracked.</span>}
      </div>
      {isChosen && (
        <div className="track-found">
          <Button onPress={() => actions.setTracked(model, null)}>
            Go back to the likeliest next tokens
          </Button>
        </div>
      )}
    </>
  )
}

function TokenChip({entry}: {readonly entry: VocabularyEntry}) {
  const cells = glyphsOfTokens([{bytesHex: entry.bytesHex, isSpecial: true}], hasGlyph).cells[0]!
  const shown = cells.length > 0 ? cells : [{kind: 'code' as const, text: `#${entry.id}`}]
  return <Chip cells={shown} isSpecial={entry.isSpecial} size="small" />
}

/** A field that finds tokens: by id, by text, and by the same text after a space. */
function AddTracked({model, ids}: TrackedProps) {
  const {actions, client} = useWorkbench()
  const data = useRunData()
  const tokenCount = useWorkbenchState((state) => (data ? selectVocabularySize(state, data) : null))
  const [text, setText] = useState('')
  const [found, setFound] = useState<FoundTokens>(NOTHING_FOUND)
  const [problem, setProblem] = useState('')

  useEffect(() => {
    const abort = new AbortController()
    setFound(NOTHING_FOUND)
    setProblem('')
    const find = async () => {
      const tokensOf = async (prompt: string) => {
        const request = {model, prompt, noSpecialTokens: true}
        const {tokens} = await client.text.tokenize(request, {signal: abort.signal})
        return tokensOfTable(tokens)
      }
      const id = wholeNumberOf(text)
      const isId = id !== null && (tokenCount === null || id < tokenCount)
      const [byId] = isId ? await actions.describeTokens(model, [id]) : []
      const plain = await tokensOf(text)
      const spaced = text.startsWith(' ') ? [] : await tokensOf(` ${text}`)
      if (!abort.signal.aborted) {
        setFound(foundTokens({text, tokenCount, byId: byId ?? null, plain, spaced}))
      }
    }
    if (text === '') return
    find().catch(() => {
      if (!abort.signal.aborted) setProblem('This could not be looked up.')
    })
    return () => abort.abort()
  }, [text, model, tokenCount, client, actions])

  const add = (entry: VocabularyEntry) => {
    if (!ids.includes(entry.id)) actions.setTracked(model, [...ids, entry.id])
    void actions.describeTokens(model, [entry.id])
    setText('')
  }
  const {choices, exact, hiddenCount} = found
  return (
    <>
      <input
        className="field mono"
        aria-label="Token to track, by text or id"
        placeholder="text or id"
        spellCheck={false}
        value={text}
        data-testid="track-input"
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && exact) add(exact)
        }}
      />
      <div className="track-found">
        {choices.map((entry) => (
          <Button key={entry.id} onPress={() => add(entry)} testId="track-found">
            <TokenChip entry={entry} />
            <span className="ink-3">{formatCount(entry.id)}</span>
            {entry === exact && <kbd className="end">Enter</kbd>}
          </Button>
        ))}
      </div>
      {hiddenCount > 0 && <div className="small ink-3">{formatCount(hiddenCount)} more</div>}
      <div className="small ink-3" role="status" data-testid="track-note">
        {problem || found.note}
      </div>
    </>
  )
}
