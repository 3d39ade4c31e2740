const TABBABLE =
  'a[href], button:not([disabled]), input:not([disabled]), textarea:not([disabled]), select:not([disabled]), [tabindex="0"]'

const isShown = (element: Element) => element.getClientRects().length > 0

/** What F6 puts the focus on: what the part names itself, else the first thing that takes the focus. */
function focusIn(part: Element): boolean {
  const named = [...part.querySelectorAll('[data-landmark-focus]')]
  const inNamed = named.flatMap((place) => [...place.querySelectorAll<HTMLElement>(TABBABLE)])
  const all = [...inNamed, ...part.querySelectorAll<HTMLElement>(TABBABLE)]
  const first = all.find(isShown)
  first?.focus()
  return first !== undefined
}

/** Puts the focus into the next part of the page, or the one before, in the order in which they stand. */
export function focusNextLandmark(by: 1 | -1): void {
  const parts = [...document.querySelectorAll('[data-landmark]')].filter(isShown)
  const own = document.activeElement?.closest('[data-landmark]') ?? null
  const start = own === null ? (by === 1 ? -1 : 0) : parts.indexOf(own)
  for (let i = 1; i <= parts.length; i++) {
    const part = parts[(start + i * by + parts.length * 2) % parts.length]
    if (part && focusIn(part)) return
  }
}

/** Puts the focus into a part of the page by its name, where it is shown. */
export function focusLandmark(name: string): void {
  const part = document.querySelector(`[data-landmark="${name}"]`)
  if (part) focusIn(part)
}
