import {useState} from 'react'
import {openFolder} from '../../commands/open-folder.ts'
import {useWorkbench, useWorkbenchState} from '../../lenses/use-workbench.ts'
import type {ModelListing} from '../../store/state.ts'
import {Button} from '../../ui/button.tsx'
import {DownIcon} from '../../ui/icons.tsx'
import {shortcutText} from '../../ui/shortcut.ts'
import {ModelRow, placeOf} from './model-row.tsx'

/** Every model that can be opened, by where it was found. */
export function ModelsSection() {
  const workbench = useWorkbench()
  const {listings, activePath, areKnown} = useWorkbenchState((state) => ({
    listings: state.listings,
    activePath: state.activeModelPath,
    areKnown: state.areListingsKnown,
  }))
  const builtin = listings.filter((listing) => listing.source === 'builtin')
  const opened = listings.filter(({source}) => source === 'recent' || source === 'folder')
  const cached = listings.filter((listing) => listing.source === 'cache')
  return (
    <section aria-labelledby="models-head" data-testid="models">
      <h2 id="models-head">
        Models<kbd className="end">{shortcutText(openFolder.shortcut)}</kbd>
      </h2>
      {builtin.map((listing) => (
        <ModelRow key={listing.path} listing={listing} isTeaching={listing.path === activePath} />
      ))}
      {areKnown && builtin.length === 0 && (
        <div className="ink-3">No built-in model was found. Open a folder of your own.</div>
      )}
      {opened.length > 0 && <div className="group-head">Opened before</div>}
      {opened.map((listing) => (
        <ModelRow key={listing.path} listing={listing} place={placeOf(listing, listings)} />
      ))}
      {cached.length > 0 && <CachedModels listings={cached} activePath={activePath} />}
      <div className="item">
        <Button
          look="plain"
          className="item-main ink-2"
          onPress={() => openFolder.run(workbench)}
          testId="open-folder"
        >
          <span className="dot none" />
          Open a folder…
        </Button>
      </div>
    </section>
  )
}

interface CachedModelsProps {
  readonly listings: readonly ModelListing[]
  readonly activePath: string | null
}

/** The hub's cache: folded, but for the model that is used. */
function CachedModels({listings, activePath}: CachedModelsProps) {
  const [isOpen, setIsOpen] = useState(false)
  const shown = isOpen ? listings : listings.filter((listing) => listing.path === activePath)
  return (
    <>
      <div className="group-head">
        <Button look="plain" aria-expanded={isOpen} onPress={() => setIsOpen(!isOpen)}>
          {listings.length} in the Hugging Face cache <DownIcon />
        </Button>
      </div>
      {shown.map((listing) => (
        <ModelRow key={listing.path} listing={listing} />
      ))}
    </>
  )
}
