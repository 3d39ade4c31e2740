import {useCallback, useEffect, useRef, useState} from 'react'
import type {ModelListing} from '../../../shared/domain/model.ts'
import type {Problem} from '../../../shared/domain/problem.ts'
import type {InspectEvent, InspectResult} from '../../../shared/lenses/inspect.ts'
import {useWorkbench} from '../../lenses/use-workbench.ts'
import {shownProblem} from '../../store/context.ts'
import {refOfListing} from '../../store/models.ts'

type Progress = Extract<InspectEvent, {kind: 'progress'}>

/** How the inspection of a model stands; a result stays while its checks are run. */
export interface Inspection {
  readonly result: InspectResult | null
  readonly problem: Problem | null
  /** Null where nothing is under way. */
  readonly progress: Progress | null
  readonly isCancelled: boolean
  /** Inspects once more and runs the checks. */
  verify(): void
  cancel(): void
}

const START: Progress = {kind: 'progress', phase: 'reading', done: 0, total: 1, secondsLeft: null}

/** Inspects a model as soon as it is asked about; leaving ends what is under way. */
export function useInspection(listing: ModelListing, file: string | null): Inspection {
  const {client} = useWorkbench()
  const [result, setResult] = useState<InspectResult | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const [progress, setProgress] = useState<Progress | null>(START)
  const [isCancelled, setCancelled] = useState(false)
  const running = useRef<AbortController | null>(null)

  const inspect = useCallback(
    async (isVerified: boolean) => {
      running.current?.abort()
      const abort = new AbortController()
      running.current = abort
      setProblem(null)
      setCancelled(false)
      setProgress(START)
      try {
        const request = {...refOfListing(listing), ...(file === null ? {} : {file})}
        const events = await client.models.inspect(
          {...request, verify: isVerified},
          {signal: abort.signal}
        )
        for await (const event of events) {
          if (abort.signal.aborted) return
          if (event.kind === 'progress') setProgress(event)
          else setResult(event.result)
        }
      } catch (error) {
        if (!abort.signal.aborted) setProblem(shownProblem(error))
      } finally {
        if (running.current === abort) {
          running.current = null
          setProgress(null)
        }
      }
    },
    [client, listing, file]
  )
  useEffect(() => {
    void inspect(false)
    return () => running.current?.abort()
  }, [inspect])

  return {
    ...{result, problem, progress, isCancelled},
    verify: () => void inspect(true),
    cancel() {
      running.current?.abort()
      setCancelled(true)
    },
  }
}
