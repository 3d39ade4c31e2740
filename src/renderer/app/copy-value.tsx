import {memo} from 'react'
import {DEFINITIONS, definitionText} from '../../shared/help/definitions.ts'
import {copyText} from '../commands/copy-text.ts'
import {targetProps} from '../lenses/target.ts'
import {useWorkbench} from '../lenses/use-workbench.ts'
import type {Fact} from './inspector/inspector-facts.ts'

export type CopyValueProps = Fact

/**
 * A fact whose value is copied, unrounded, by a click; its definition appears beside it. Pointing at
 * tokens draws a dozen of these every frame, so it is a plain button and skips what has not changed.
 */
export const CopyValue = memo(function CopyValue(fact: CopyValueProps) {
  const workbench = useWorkbench()
  const {name, text, exact, definition, isMono} = fact
  const {unit} = DEFINITIONS[definition]
  return (
    <div
      className="fact"
      data-hint-place
      {...(exact === null ? {} : targetProps({kind: 'value', name, exact, definition}))}
    >
      <dt data-hint={definition}>{name}</dt>
      <dd>
        <button
          type="button"
          className={`copy-value clip ${isMono ? 'mono' : ''}`}
          aria-label={`${name} ${text}, copy`}
          aria-description={`${definitionText(definition)} Unit: ${unit}.`}
          onClick={() => {
            if (exact !== null) void copyText(workbench, exact)
          }}
          data-fact={name}
          data-hint={definition}
          data-hint-more={exact === null ? undefined : 'Click to copy.'}
        >
          {text}
        </button>
      </dd>
    </div>
  )
})
