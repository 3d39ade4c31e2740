import {Activity, type ReactNode, useState} from 'react'

export interface KeptViewsProps<Id extends string> {
  /** The one in sight. */
  readonly shown: Id
  /** What they are all views of: of another nothing is kept. */
  readonly subject: unknown
  readonly render: (id: Id) => ReactNode
}

/**
 * Views of one thing, one at a time. A view that was in sight stays when another takes its place: hidden, without
 * effects and without updates of its own, so that coming back to it makes nothing anew.
 */
export function KeptViews<Id extends string>({shown, subject, render}: KeptViewsProps<Id>) {
  const [kept, setKept] = useState<{readonly subject: unknown; readonly ids: readonly Id[]}>({
    subject,
    ids: [shown],
  })
  const isSame = kept.subject === subject
  const ids = isSame ? (kept.ids.includes(shown) ? kept.ids : [...kept.ids, shown]) : [shown]
  if (!isSame || ids !== kept.ids) setKept({subject, ids})
  return ids.map((id) => (
    <Activity key={id} mode={id === shown ? 'visible' : 'hidden'}>
      {render(id)}
    </Activity>
  ))
}
