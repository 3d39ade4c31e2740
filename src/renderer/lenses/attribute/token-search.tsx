import {useEffect, useState} from 'react'
import {tokensOfTable} from '../../../shared/domain/token.ts'
import {formatCount} from '../../../shared/figures/number-format.ts'
import {glyphsOfTokens} from '../../../shared/figures/token-glyphs.ts'
import type {VocabularyEntry} from '../../store/captures.ts'
import {selectVocabularySize} from '../../store/selectors.ts'
import {Button} from '../../ui/button.tsx'
import {Chip} from '../../ui/chip.tsx'
import {type FoundTokens, foundTokens, NOTHING_FOUND, wholeNumberOf} from '../found-tokens.ts'
import {hasGlyph} from '../has-glyph.ts'
import {useRunData} from '../use-tokens.ts'
import {useWorkbench, useWorkbenchState} from '../use-workbench.ts'

export interface TokenSearchProps {
  readonly label: string
  readonly testId: string
  readonly onChoose: (entry: VocabularyEntry) => void
}

/** A field that finds tokens by their text, by the same text after a space, or by their id. */
export function TokenSearch({label, testId, onChoose}: TokenSearchProps) {
  const {actions, client} = useWorkbench()
  const data = useRunData()
  const model = data?.request.model
  const tokenCount = useWorkbenchState((state) => (data ? selectVocabularySize(state, data) : null))
  const [text, setText] = useState('')
  const [found, setFound] = useState<FoundTokens>(NOTHING_FOUND)
  const [problem, setProblem] = useState('')
  useEffect(() => {
    const abort = new AbortController()
    setFound(NOTHING_FOUND)
    setProblem('')
    if (text === '' || model === undefined) return
    const tokensOf = async (prompt: string) => {
      const request = {model, prompt, noSpecialTokens: true}
      const {tokens} = await client.text.tokenize(request, {signal: abort.signal})
      return tokensOfTable(tokens)
    }
    const find = async () => {
      const id = wholeNumberOf(text)
      const isId = id !== null && (tokenCount === null || id < tokenCount)
      const [byId] = isId ? await actions.describeTokens(model, [id]) : []
      const plain = await tokensOf(text)
      const spaced = text.startsWith(' ') ? [] : await tokensOf(` ${text}`)
      if (!abort.signal.aborted) {
        setFound(foundTokens({text, tokenCount, byId: byId ?? null, plain, spaced}))
      }
    }
    find().catch(() => {
      if (!abort.signal.aborted) setProblem('This could not be looked up.')
    })
    return () => abort.abort()
  }, [text, model, tokenCount, client, actions])
  const choose = (entry: VocabularyEntry) => {
    onChoose(entry)
    setText('')
  }
  const {choices, exact} = found
  return (
    <div className="token-search">
      <input
        className="field mono"
        aria-label={label}
        placeholder="text or id"
        spellCheck={false}
        value={text}
        data-testid={testId}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          // Keys of the page are not for what is typed.
          if (event.key === 'Enter' && exact) {
            event.preventDefault()
            choose(exact)
          }
        }}
      />
      {choices.length > 0 && (
        <div className="token-choices">
          {choices.map((entry) => (
            <Button key={entry.id} onPress={() => choose(entry)} testId={`${testId}-found`}>
              <EntryChip entry={entry} />
              <span className="ink-3">{formatCount(entry.id)}</span>
              {entry === exact && <kbd className="end">Enter</kbd>}
            </Button>
          ))}
        </div>
      )}
      {problem && (
        <span className="small ink-3" role="status">
          {problem}
        </span>
      )}
    </div>
  )
}

export function EntryChip({entry}: {readonly entry: VocabularyEntry}) {
  const cells = glyphsOfTokens([{bytesHex: entry.bytesHex, isSpecial: true}], hasGlyph).cells[0]!
  const shown = cells.length > 0 ? cells : [{kind: 'code' as const, text: `#${entry.id}`}]
  return <Chip cells={shown} isSpecial={entry.isSpecial} size="small" />
}
