import {formatFixed} from '../../../shared/figures/number-format.ts'
import {targetProps} from '../../lenses/target.ts'
import {useActions, useWorkbenchState} from '../../lenses/use-workbench.ts'
import {modelFilesOf} from '../../store/model-files.ts'
import type {ModelInfo, ModelListing} from '../../store/state.ts'
import {Button} from '../../ui/button.tsx'
import {Choice} from '../../ui/choice.tsx'
import {bytesText, loadFraction, loadText} from '../jobs.ts'

export interface ModelRowProps {
  readonly listing: ModelListing
  /** Says under the name what built-in models are. */
  readonly isTeaching?: boolean
  /** Folder that tells it from another model of the same name. */
  readonly place?: string | null
}

/** The folder that a model lies in, where another of the list has its name; null elsewhere. */
export function placeOf(listing: ModelListing, listings: readonly ModelListing[]): string | null {
  const namesakes = listings.filter(({id, path}) => id === listing.id && path !== listing.path)
  if (namesakes.length === 0) return null
  const partsOf = (path: string) => path.split(/[\\/]/u).filter((part) => part !== '')
  const parts = partsOf(listing.path)
  // From the end, the first folder in which it differs from all of them; the name itself says nothing.
  const depth = parts.findLastIndex(
    (part, i) =>
      part !== listing.id &&
      namesakes.every(({path}) => partsOf(path).at(i - parts.length) !== part)
  )
  return parts[depth] ?? listing.path
}

/** `6 × 8, 2.0 M`: layers, heads, parameters; bytes before it is loaded. */
function factsText(listing: ModelListing, model: ModelInfo | null): string {
  const shape =
    listing.layerCount !== null && listing.queryHeadCount !== null
      ? [`${listing.layerCount} × ${listing.queryHeadCount}`]
      : []
  const count = model?.parameterCount ?? null
  const size =
    count !== null
      ? count >= 1e9
        ? `${formatFixed(count / 1e9, 1)} B`
        : count >= 1e5
          ? `${formatFixed(count / 1e6, 1)} M`
          : `${formatFixed(count / 1e3, 0)} k`
      : bytesText(listing.bytes)
  return [...shape, size].join(', ')
}

/** A model: a dot where it is loaded, its facts, its loading, or what is wrong with it. */
export function ModelRow({listing, isTeaching = false, place = null}: ModelRowProps) {
  const actions = useActions()
  const {path} = listing
  const {allLoaded, activeFile, isActive, isLoading, stage, problem} = useWorkbenchState(
    (state) => ({
      allLoaded: state.status?.loaded,
      activeFile: state.activeModelFile,
      isActive: state.activeModelPath === path,
      isLoading: path in state.loads,
      stage: state.loads[path] ?? null,
      problem: state.loadProblems[path] ?? listing.problem,
    })
  )
  const chosen = (isActive ? activeFile : null) ?? listing.files[0]
  const loaded = allLoaded?.filter((other) => other.path === path) ?? []
  const model = loaded.find(({file}) => file === chosen) ?? loaded[0] ?? null
  const files = isActive ? modelFilesOf(listing) : []
  const isOther = listing.kind !== 'decoder' && listing.kind !== 'unknown'
  return (
    <>
      <div
        className={`item ${isActive ? 'on' : ''}`}
        data-testid="model-row"
        data-model={listing.id}
        data-hint={`${listing.id}, ${path}`}
        {...targetProps({kind: 'model', path})}
      >
        <Button
          look="plain"
          className="item-main"
          aria-pressed={isActive}
          onPress={() => void actions.chooseModel(path, isActive ? activeFile : null)}
        >
          <span className={`dot ${model ? 'live' : ''}`} />
          <span className="clip">
            {listing.id}
            {place && <span className="ink-3"> in {place}</span>}
          </span>
          <span
            className={`end ${model || isLoading ? 'off-hover' : ''} ${problem && !isOther ? 'failed' : ''}`}
          >
            {isOther ? listing.kind : problem ? '✕ failed' : factsText(listing, model)}
          </span>
          {model && <span className="visually-hidden">loaded</span>}
        </Button>
        {isLoading ? (
          <Button
            className="small-button on-hover"
            look="edge"
            onPress={() => actions.cancelLoad(path)}
          >
            Cancel
          </Button>
        ) : (
          model && (
            <Button
              className="small-button on-hover"
              look="edge"
              aria-label={`Unload ${listing.id}`}
              onPress={() => void actions.unloadModel(path)}
            >
              Unload
            </Button>
          )
        )}
      </div>
      {files.length > 1 && (
        <div className="model-files">
          <Choice
            label={`File of ${listing.id}`}
            value={chosen ?? ''}
            options={files.map(({file, name}) => ({value: file, text: name}))}
            onChange={(file) => void actions.chooseModel(path, file)}
          />
        </div>
      )}
      {isLoading ? (
        <>
          <div className="load-bar" role="progressbar" aria-label={`Loading ${listing.id}`}>
            <span style={{width: `${Math.round((loadFraction(stage) ?? 0) * 100)}%`}} />
          </div>
          <div className="note">{loadText(stage)}</div>
        </>
      ) : (
        isTeaching && (
          <div className="note">
            teaching model, synthetic world;{' '}
            <Button
              look="plain"
              className="in-text"
              onPress={() => actions.openDialog('model-card', path)}
              testId="open-model-card"
            >
              its card
            </Button>
            <br />
            drop your own ONNX folder here
          </div>
        )
      )}
    </>
  )
}
