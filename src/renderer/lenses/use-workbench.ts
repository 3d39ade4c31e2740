import {createContext, useContext, useRef} from 'react'
import {useStore} from 'zustand'
import {shallow} from 'zustand/shallow'
import type {WorkbenchState} from '../store/state.ts'
import type {Workbench, WorkbenchActions} from '../store/workbench.ts'

export const WorkbenchContext = createContext<Workbench | null>(null)

/** The page's store, captures and actions. */
export function useWorkbench(): Workbench {
  const workbench = useContext(WorkbenchContext)
  if (!workbench) throw new Error('no workbench around this component')
  return workbench
}

export function useActions(): WorkbenchActions {
  return useWorkbench().actions
}

/** A value derived from the state; the component renders again when it changes (shallowly). */
export function useWorkbenchState<Value>(
  select: (state: WorkbenchState, workbench: Workbench) => Value
): Value {
  const workbench = useWorkbench()
  const last = useRef<Value | undefined>(undefined)
  return useStore(workbench.store, (state: WorkbenchState) => {
    const value = select(state, workbench)
    if (isAlike(last.current, value)) return last.current as Value
    last.current = value
    return value
  })
}

const PLAIN = Object.prototype

/**
 * Whether two derived values are the same, plain objects and arrays member by member. Every change of the state
 * asks this of all that listens, some hundred times: nothing is allocated for it.
 */
export function isAlike(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((one, i) => Object.is(one, b[i]))
  }
  if (Object.getPrototypeOf(a) !== PLAIN || Object.getPrototypeOf(b) !== PLAIN) return shallow(a, b)
  const [one, other] = [a as Record<string, unknown>, b as Record<string, unknown>]
  let count = 0
  for (const key in one) {
    if (!(Object.hasOwn(other, key) && Object.is(one[key], other[key]))) return false
    count++
  }
  for (const _ in other) count--
  return count === 0
}
