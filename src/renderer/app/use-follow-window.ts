import {useActions} from '../lenses/use-workbench.ts'
import {NARROW_PX} from '../store/frame.ts'
import {FLAT_PX, useWindowSize} from '../ui/use-size.ts'

/** Below this width bars drop what can be read elsewhere. */
const SLIM_PX = 900
/** Below this width a bar has room for one fact. */
const SMALL_PX = 740
/** Below this height bars of data are half as high. */
const LOW_PX = 760
/** Below this height words scroll with what they are about. */
const TINY_PX = 400

/**
 * Tells the store the window's size in pixels of the interface, and puts `narrow`, `slim`, `small`,
 * `low`, `flat` and `tiny` on the document as the words of `data-window`, for styles: media queries know
 * nothing of the text's size.
 */
export function useFollowWindow(): void {
  const {setViewport} = useActions()
  useWindowSize((widthPx, heightPx) => {
    const words = [
      widthPx < NARROW_PX && 'narrow',
      widthPx < SLIM_PX && 'slim',
      widthPx < SMALL_PX && 'small',
      heightPx < LOW_PX && 'low',
      heightPx < FLAT_PX && 'flat',
      heightPx < TINY_PX && 'tiny',
    ]
    document.documentElement.dataset.window = words.filter(Boolean).join(' ')
    setViewport(widthPx, heightPx)
  })
}
