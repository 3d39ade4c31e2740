import {useState} from 'react'
import {Button} from '../../ui/button.tsx'
import {useActions, useWorkbenchState} from '../use-workbench.ts'
import {ProblemText} from './job-state.tsx'
import type {PaneCritical} from './use-critical.ts'

/** Asks for what is to be looked into: a text that is typed, or one that is sampled. */
export function ResponseNeeded({shown}: {readonly shown: PaneCritical}) {
  const {runId} = shown
  const {takeResponse} = useActions()
  const [text, setText] = useState('')
  const search = useWorkbenchState((state) => state.criticalSearches[runId])
  const isRunning = search?.kind === 'running'
  return (
    <div className="lens-wait response-needed" data-testid="response-needed">
      <p>
        Nothing follows this prompt yet. Type a wrong response, or have one sampled; with the right
        answer, below, each of its prefixes is completed many times.
      </p>
      <textarea
        className="field response-text"
        aria-label="Response"
        placeholder=" So we add. 38 + 7 = 45. Answer: 45."
        spellCheck={false}
        rows={3}
        value={text}
        onChange={(event) => setText(event.target.value)}
        data-testid="response-text"
      />
      <div className="response-buttons">
        <Button
          look="primary"
          isDisabled={text === '' || isRunning}
          onPress={() => void takeResponse(runId, text)}
          testId="take-response"
        >
          Look into it
        </Button>
        <Button
          look="edge"
          isDisabled={isRunning}
          onPress={() => void takeResponse(runId, 'sampled')}
          testId="sample-response"
        >
          {shown.isAnswered ? 'Sample a wrong one' : 'Sample one'}
        </Button>
        {isRunning && <span role="status">Sampling.</span>}
      </div>
      {search?.kind === 'failed' && <ProblemText problem={search.problem} />}
    </div>
  )
}
