import type {Problem, WorkbenchState} from '../store/state.ts'

/** What can be done about a problem as things stand: an engine that is back need not be waited for. */
export function adviceNow(
  problem: Problem,
  {connection, engineStop}: Pick<WorkbenchState, 'connection' | 'engineStop'>
): string {
  const isBack = connection === 'connected' && (engineStop === null || engineStop.isRunningAgain)
  return problem.code === 'engine-lost' && isBack ? 'Run it again.' : problem.advice
}
