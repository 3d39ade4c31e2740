import {useEffect, useRef, useState} from 'react'
import {DEFINITION_TOPICS} from '../../../shared/help/definition.ts'
import {DEFINITION_KEYS, DEFINITIONS, type DefinitionKey} from '../../../shared/help/definitions.ts'
import {fuzzyMatch} from '../../commands/fuzzy-match.ts'
import {useActions, useWorkbenchState} from '../../lenses/use-workbench.ts'
import {Dialog} from '../../ui/dialog.tsx'
import '../sheets.css'

/** What every number means, its unit and where it is from. */
export function DefinitionsDialog() {
  const {closeDialog} = useActions()
  const {isOpen, wanted} = useWorkbenchState((state) => ({
    isOpen: state.dialog === 'definitions',
    wanted: state.dialogNote,
  }))
  return (
    <Dialog
      title="Definitions"
      isOpen={isOpen}
      onClose={closeDialog}
      widthPx={680}
      testId="definitions"
    >
      {isOpen && <DefinitionsBody wanted={wanted} />}
    </Dialog>
  )
}

function fits(key: DefinitionKey, query: string): boolean {
  if (query.trim() === '') return true
  const {title, text, unit, source} = DEFINITIONS[key]
  const words = query.toLowerCase().split(/\s+/u).filter(Boolean)
  const all = `${title} ${text} ${unit} ${source}`.toLowerCase()
  return words.every((word) => all.includes(word)) || fuzzyMatch(query, title) !== null
}

function DefinitionsBody({wanted}: {readonly wanted: string | null}) {
  const [query, setQuery] = useState('')
  const wantedRef = useRef<HTMLDivElement>(null)
  useEffect(() => {
    // Newer browsers answer with a promise, which is no clean-up.
    void wantedRef.current?.scrollIntoView({block: 'center'})
  }, [])
  const topics = DEFINITION_TOPICS.map((topic) => ({
    topic,
    keys: DEFINITION_KEYS.filter((key) => DEFINITIONS[key].topic === topic && fits(key, query)),
  })).filter(({keys}) => keys.length > 0)
  return (
    <>
      <div className="sheet-search">
        <input
          className="field"
          // biome-ignore lint/a11y/noAutofocus: the dialog was opened to type into it.
          autoFocus
          aria-label="Find a definition"
          placeholder="Find a number, a unit or a paper"
          value={query}
          onChange={(event) => setQuery(event.target.value)}
        />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
      <section className="definitions" tabIndex={0} aria-label="Definitions">
        {topics.length === 0 && <div className="ink-2">No number is called that.</div>}
        {topics.map(({topic, keys}) => (
          <div key={topic} className="sheet-group">
            <h2>{topic}</h2>
            <dl>
              {keys.map((key) => (
                <div
                  key={key}
                  ref={key === wanted ? wantedRef : undefined}
                  className={`definition ${key === wanted ? 'on' : ''}`}
                  data-definition={key}
                >
                  <dt>
                    {DEFINITIONS[key].title} <span className="ink-3">{DEFINITIONS[key].unit}</span>
                  </dt>
                  <dd>
                    {DEFINITIONS[key].text}
                    <span className="definition-source">{DEFINITIONS[key].source}</span>
                  </dd>
                </div>
              ))}
            </dl>
          </div>
        ))}
      </section>
    </>
  )
}
