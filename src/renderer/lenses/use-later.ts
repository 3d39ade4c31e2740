import {startTransition, useEffect, useState} from 'react'

/**
 * False in the first frame that a component is in, then true: what is drawn only then is drawn in slices,
 * so that whatever put the component there answers within a frame.
 */
export function useLater(): boolean {
  const [isLater, setLater] = useState(false)
  useEffect(() => {
    const frame = requestAnimationFrame(() => startTransition(() => setLater(true)))
    return () => cancelAnimationFrame(frame)
  }, [])
  return isLater
}
