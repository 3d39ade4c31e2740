import {createContext, useContext} from 'react'
import {useStore} from 'zustand'
import {useShallow} from 'zustand/react/shallow'
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
  return useStore(
    workbench.store,
    useShallow((state: WorkbenchState) => select(state, workbench))
  )
}
