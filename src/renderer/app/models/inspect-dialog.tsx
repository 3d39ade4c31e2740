import type {ModelListing} from '../../../shared/domain/model.ts'
import {formatProblem} from '../../../shared/domain/problem.ts'
import {formatCount} from '../../../shared/figures/number-format.ts'
import type {InspectEvent} from '../../../shared/lenses/inspect.ts'
import {inspectText} from '../../../shared/lenses/inspect-text.ts'
import {copyText} from '../../commands/copy-text.ts'
import {useActions, useWorkbench, useWorkbenchState} from '../../lenses/use-workbench.ts'
import {Button} from '../../ui/button.tsx'
import {Dialog} from '../../ui/dialog.tsx'
import {HintArea} from '../../ui/hint-area.tsx'
import {bytesText} from '../jobs.ts'
import {InspectChecks, InspectFacts, InspectLayers, InspectLenses} from './inspect-parts.tsx'
import {type Inspection, useInspection} from './use-inspection.ts'
import './inspect-dialog.css'

/** What can be seen in a model: where each layer's attention comes from, and which lenses that makes available. */
export function InspectDialog() {
  const {closeDialog} = useActions()
  const {isOpen, listing, file} = useWorkbenchState((state) => ({
    isOpen: state.dialog === 'inspect',
    listing: state.listings.find(({path}) => path === state.dialogNote) ?? null,
    file: state.activeModelPath === state.dialogNote ? state.activeModelFile : null,
  }))
  return (
    <Dialog
      title={listing ? `What can be seen in ${listing.id}` : 'What can be seen'}
      isOpen={isOpen && listing !== null}
      onClose={closeDialog}
      widthPx={920}
      testId="inspect"
    >
      {isOpen && listing && <InspectBody key={listing.path} listing={listing} file={file} />}
    </Dialog>
  )
}

interface InspectBodyProps {
  readonly listing: ModelListing
  readonly file: string | null
}

function InspectBody({listing, file}: InspectBodyProps) {
  const workbench = useWorkbench()
  const inspection = useInspection(listing, file)
  const {result, problem, progress, isCancelled} = inspection
  return (
    <HintArea>
      <section
        className="inspect-body"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys.
        tabIndex={0}
        aria-label="Inspection"
        aria-busy={progress !== null}
      >
        {progress && <InspectProgress inspection={inspection} progress={progress} />}
        {isCancelled && <p className="ink-3">Cancelled before the end.</p>}
        {problem && (
          <div role="alert" data-testid="inspect-problem">
            <p>
              <span className="failed">✕</span> {problem.message}
            </p>
            <pre>{formatProblem(problem).split('\n').slice(1).join('\n')}</pre>
          </div>
        )}
        {result && (
          <>
            <InspectLenses result={result} />
            <InspectFacts result={result} />
            {result.checks && <InspectChecks checks={result.checks} />}
            <InspectLayers result={result} />
          </>
        )}
      </section>
      <div className="dialog-foot">
        <span className="clip mono small ink-3" data-hint={listing.path}>
          {result ? result.file : listing.path}
        </span>
        <span className="grow" />
        <Button
          look="edge"
          isDisabled={result === null}
          onPress={() =>
            void copyText(workbench, result ? inspectText(result) : '', 'the inspection')
          }
        >
          Copy the text
        </Button>
        <Button
          look="primary"
          isDisabled={result === null}
          // A button that is disabled loses the focus, and with it the dialog its keys.
          isPending={progress !== null}
          onPress={inspection.verify}
          testId="inspect-verify"
        >
          {result?.checks ? 'Verify again' : 'Verify'}
        </Button>
      </div>
    </HintArea>
  )
}

interface InspectProgressProps {
  readonly inspection: Inspection
  readonly progress: Extract<InspectEvent, {kind: 'progress'}>
}

const PHASES = {
  reading: 'Reading the graph',
  hashing: 'Hashing the files',
  verifying: 'Running the checks on a short text',
} as const

function InspectProgress({inspection, progress}: InspectProgressProps) {
  const {phase, done, total} = progress
  const percent = total > 0 ? Math.round((100 * done) / total) : 0
  const counts =
    phase === 'hashing'
      ? `${bytesText(done)} of ${bytesText(total)}`
      : phase === 'verifying'
        ? `${formatCount(done)} of ${formatCount(total)}`
        : ''
  return (
    <div className="inspect-progress" data-testid="inspect-progress">
      <span>
        {PHASES[phase]}
        {counts && `, ${counts}`}
      </span>
      <span
        className="load-bar"
        role="progressbar"
        aria-label={PHASES[phase]}
        aria-valuenow={percent}
        aria-valuemin={0}
        aria-valuemax={100}
      >
        <span style={{width: `${percent}%`}} />
      </span>
      <Button look="edge" onPress={inspection.cancel}>
        Cancel
      </Button>
    </div>
  )
}
