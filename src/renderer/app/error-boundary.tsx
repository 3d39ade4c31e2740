import {Component, type ReactNode} from 'react'

interface ErrorBoundaryState {
  readonly error: Error | null
}

/** What is left when the page itself has a bug: what happened, and the way back. */
export class ErrorBoundary extends Component<{readonly children: ReactNode}, ErrorBoundaryState> {
  override state: ErrorBoundaryState = {error: null}

  static getDerivedStateFromError(error: unknown): ErrorBoundaryState {
    return {error: error instanceof Error ? error : new Error(String(error))}
  }

  override render() {
    const {error} = this.state
    if (!error) return this.props.children
    return (
      <div className="page" role="alert" data-testid="page-error">
        <h2>The page failed</h2>
        <p>
          This is a bug of Tokenscope, not of your model. Prompt, settings and the list of runs are
          kept.
        </p>
        <h3>What was found</h3>
        <pre className="mono small">{error.stack ?? error.message}</pre>
        <h3>What you can do</h3>
        <button type="button" className="button edge" onClick={() => location.reload()}>
          Load the page again
        </button>
      </div>
    )
  }
}
