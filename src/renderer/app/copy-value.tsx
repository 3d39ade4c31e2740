import {memo} from 'react'
import {useActions} from '../lenses/use-workbench.ts'
import type {Fact} from './inspector-facts.ts'

export type CopyValueProps = Fact

/**
 * A fact whose value is copied, unrounded, by a click; its definition appears beside it. Pointing at
 * tokens draws a dozen of these every frame, so it is a plain button and skips what has not changed.
 */
export const CopyValue = memo(function CopyValue(fact: CopyValueProps) {
  const {notify} = useActions()
  const {name, text, exact, definition, isMono} = fact
  const copy = async () => {
    if (exact === null) return
    try {
      await navigator.clipboard.writeText(exact)
      notify(`copied ${exact}`)
    } catch {
      notify('the browser did not allow copying')
    }
  }
  return (
    <div className="fact" data-hint-place>
      <dt data-hint={definition}>{name}</dt>
      <dd>
        <button
          type="button"
          className={`copy-value clip ${isMono ? 'mono' : ''}`}
          aria-label={`${name} ${text}, copy`}
          aria-description={definition}
          onClick={() => void copy()}
          data-fact={name}
          data-hint={`${definition} Click to copy.`}
        >
          {text}
        </button>
      </dd>
    </div>
  )
})
