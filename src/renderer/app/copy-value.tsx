import {useActions} from '../lenses/use-workbench.ts'
import {Button} from '../ui/button.tsx'
import {Hint} from '../ui/tooltip.tsx'
import type {Fact} from './inspector-facts.ts'

/** A fact whose value is copied, unrounded, by a click; its definition appears beside it. */
export function CopyValue({fact}: {readonly fact: Fact}) {
  const {notify} = useActions()
  const copy = async () => {
    if (fact.exact === null) return
    try {
      await navigator.clipboard.writeText(fact.exact)
      notify(`copied ${fact.exact}`)
    } catch {
      notify('the browser did not allow copying')
    }
  }
  return (
    <div className="fact">
      <dt>{fact.name}</dt>
      <dd>
        <Hint text={`${fact.definition} Click to copy.`} placement="left">
          <Button
            look="plain"
            className={`copy-value ${fact.isMono ? 'mono' : ''}`}
            aria-label={`${fact.name} ${fact.text}, copy`}
            onPress={() => void copy()}
            data-fact={fact.name}
          >
            <span className="clip">{fact.text}</span>
          </Button>
        </Hint>
      </dd>
    </div>
  )
}
