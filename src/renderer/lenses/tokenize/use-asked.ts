import {useEffect, useState} from 'react'
import type {Problem} from '../../../shared/domain/problem.ts'
import {isCancellation, shownProblem} from '../../store/context.ts'
import {useWorkbenchState} from '../use-workbench.ts'

/** What was asked of the engine: the last answer stays until the next is there. */
export interface Asked<Answer> {
  readonly answer: Answer | null
  readonly problem: Problem | null
  readonly isAsking: boolean
  again(): void
}

/** Asks whenever `key` changes, after what was asked before is left; null asks nothing. `ask` may report progress. */
export function useAsked<Answer>(
  key: string | null,
  ask: (signal: AbortSignal) => Promise<Answer>
): Asked<Answer> {
  const [state, setState] = useState<{answer: Answer | null; problem: Problem | null}>({
    answer: null,
    problem: null,
  })
  const [isAsking, setAsking] = useState(false)
  const [round, setRound] = useState(0)
  const isConnected = useWorkbenchState(({connection}) => connection === 'connected')
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key says all that the question depends on.
  useEffect(() => {
    if (key === null || !isConnected) return
    const abort = new AbortController()
    setAsking(true)
    ask(abort.signal).then(
      (answer) => {
        if (abort.signal.aborted) return
        setState({answer, problem: null})
        setAsking(false)
      },
      (error: unknown) => {
        if (abort.signal.aborted || isCancellation(error)) return
        setState(({answer}) => ({answer, problem: shownProblem(error)}))
        setAsking(false)
      }
    )
    return () => abort.abort()
  }, [key, round, isConnected])
  return {...state, isAsking, again: () => setRound((last) => last + 1)}
}
