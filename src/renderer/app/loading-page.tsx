import {useWorkbenchState} from '../lenses/use-workbench.ts'
import {loadText} from './jobs.ts'

/** Something is on its way; the line says what. Nothing moves and nothing is pretended. */
export function LoadingPage() {
  const {connection, load} = useWorkbenchState((state) => {
    const [path] = Object.keys(state.loads)
    const name = state.listings.find((listing) => listing.path === path)?.id ?? path
    return {
      connection: state.connection,
      load: path === undefined ? null : `Loading ${name}: ${loadText(state.loads[path] ?? null)}.`,
    }
  })
  return (
    <div className="loading-page" role="status">
      {connection === 'connecting'
        ? 'Connecting to the engine.'
        : (load ?? 'Waiting for the first tokens.')}
    </div>
  )
}
