import {type ByteSpan, TOKEN_UNIT, type UnitChoice} from '../../shared/units/unit-choice.ts'
import type {StoreContext} from './context.ts'
import type {RunId, UnitState} from './state.ts'

export const initialUnit: UnitState = {unit: TOKEN_UNIT, drawnSpans: {}}

export interface UnitActions {
  /** Chooses the unit that every lens shows its scores by. */
  setUnit(unit: UnitChoice): void
  /** The stretches of a run that were drawn by hand; they become the unit. */
  setDrawnSpans(runId: RunId, spans: readonly ByteSpan[]): void
}

export function createUnitActions({store, change}: StoreContext): UnitActions {
  return {
    setUnit: (unit) =>
      change('choose the text unit', {unit}, unit.kind === 'regex' ? {merge: 'regex'} : {}),
    setDrawnSpans(runId, spans) {
      const {drawnSpans} = store.getState()
      change('draw spans', {
        drawnSpans: {...drawnSpans, [runId]: spans},
        unit: {kind: 'spans', spans: [...spans]},
      })
    },
  }
}
