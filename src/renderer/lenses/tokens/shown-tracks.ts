import type {TrackName} from '../../../shared/figures/tokens/tracks.ts'
import {useMedia} from '../../ui/use-size.ts'
import {useWorkbenchState} from '../use-workbench.ts'
import {useIsTableShown} from './is-table-shown.ts'

export interface ShownTracks {
  readonly chosen: readonly TrackName[]
  readonly shown: readonly TrackName[]
  /** Whether the window is so low that bars are half as high. */
  readonly isLow: boolean
}

/** The chosen tracks and those drawn: in a low window entropy goes, unless it is all there is. */
export function useShownTracks(): ShownTracks {
  const {chosen} = useWorkbenchState(({parameters}) => ({chosen: parameters.tracks}))
  const isTableShown = useIsTableShown()
  const isLow = useMedia('(max-height: 759px)')
  const isCutShort = isLow && !isTableShown && chosen.length > 1
  const shown = isCutShort ? chosen.filter((track) => track !== 'entropy') : chosen
  return {chosen, shown, isLow}
}
