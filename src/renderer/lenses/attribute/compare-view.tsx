import {useMemo} from 'react'
import {leastComparedPx} from '../../../shared/figures/attribution/bars-layout.ts'
import {useSize} from '../../ui/use-size.ts'
import {ScrolledBars} from './bars-view.tsx'
import {TrustTable} from './trust-table.tsx'
import {besideMethods, type PaneAttribution} from './use-attribution.ts'

const TABLE_PX = 296
const LEAST_BARS_PX = 300

/** Every method on the same target, a column each, and what speaks for each of them. */
export function CompareView({shown}: {readonly shown: PaneAttribution}) {
  const [ref, {widthPx, heightPx}] = useSize<HTMLDivElement>()
  const beside = useMemo(() => besideMethods(shown.beside), [shown.beside])
  const barsPx = Math.max(LEAST_BARS_PX, heightPx - TABLE_PX)
  return (
    <div ref={ref} className="compare-place" data-testid="compare" data-methods={beside.length + 1}>
      {widthPx > 0 && (
        <>
          <ScrolledBars
            shown={shown}
            beside={beside}
            widthPx={Math.max(widthPx, leastComparedPx(beside.length + 1))}
            heightPx={barsPx}
          />
          <TrustTable shown={shown} />
        </>
      )}
    </div>
  )
}
