import type {Page} from '@playwright/test'

/** Something on the page that a person cannot read or reach. */
export interface Flaw {
  readonly kind: 'cut' | 'outside' | 'missing' | 'controls overlap' | 'texts overlap' | 'small text'
  /** What it is: tag, test id or class, and its first words. */
  readonly what: string
  readonly detail: string
}

/**
 * Looks for texts that are cut off without a way to read them, controls and texts outside of the window,
 * words of a lens that are not there, controls or texts that lie over one another, and text below 11 px (at
 * the usual text size).
 *
 * What can be scrolled to counts as reachable only where the part that scrolls shows that it does: up and
 * down in anything with a scroll bar, sideways in the few things that are meant to. Text may end in an
 * ellipsis only where it is a name of things that come in any length, and where it is said in full on hover.
 */
export async function findFlaws(page: Page): Promise<Flaw[]> {
  await page.evaluate(async () => {
    await document.fonts.ready
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
  })
  return page.evaluate(flawsInPage)
}

/** One line a flaw, for an assertion's message. */
export async function flawLines(page: Page): Promise<string[]> {
  const flaws = await findFlaws(page)
  return flaws.map(({kind, what, detail}) => `${kind}: ${what} (${detail})`)
}

// It runs in the page, so it can use nothing from outside of itself.
function flawsInPage(): Flaw[] {
  interface Box {
    readonly left: number
    readonly top: number
    readonly right: number
    readonly bottom: number
  }
  const SLACK_PX = 1.5
  const LEAST_TEXT_PX = 11
  /** What is walked sideways, and shows it. */
  const SIDEWAYS =
    '.strip-scroll, .markdown-table, .card-text pre, .export-preview, .list-scroll:has(.whole)'
  /** Names that may end in an ellipsis: of runs, models, files and folders, and quoted text. */
  const MAY_END_EARLY = [
    '.pane-run',
    '.model-name',
    '.next-model',
    '.item-main .clip',
    '.list-table .mono.clip',
    '.import-preview .mono.clip',
    '.unit-text',
    '.unit-source',
    '.token-card-chip',
    '.folder-entry .clip',
    '.folder-places .clip',
    '.folder-problem .mono',
    '.job-idle',
    '[data-testid=preferences-path]',
    '.generation .clip',
    '.jump-row .clip',
    '.page-row .mono.clip',
  ].join(', ')
  /** They show whole lines. */
  const WHOLE_LINES = '.token-scroll'
  /** They stand beside the picture in every window. */
  const ALWAYS_THERE = '.caption, .guard'
  const LAYERS = '.popover, .scrim, .drawer, .tooltip'
  const CONTROLS =
    'button, input, textarea, select, a[href], [role=tab], [role=option], [role=separator], [role=menuitem], [role=slider]'
  const flaws: Flaw[] = []
  const words = (text: string) => text.replace(/\s+/gu, ' ').trim().slice(0, 40)
  const nameOf = (element: Element) => {
    const {testid} = (element as HTMLElement).dataset ?? {}
    const className = element.getAttribute('class')?.split(' ')[0]
    const own = testid ? `[${testid}]` : className ? `.${className}` : ''
    const text = words(element.getAttribute('aria-label') ?? element.textContent ?? '')
    return `${element.tagName.toLowerCase()}${own} “${text}”`
  }
  const isShown = (element: Element) =>
    element.checkVisibility({opacityProperty: true, visibilityProperty: true}) &&
    element.closest('.visually-hidden, [inert], .centres-measure') === null
  const styles = new Map<Element, CSSStyleDeclaration>()
  const styleOf = (element: Element) => {
    const known = styles.get(element) ?? getComputedStyle(element)
    styles.set(element, known)
    return known
  }
  /** Only for those who do not see the page. */
  const isHiddenText = (element: Element) => {
    const {width, height} = element.getBoundingClientRect()
    return styleOf(element).position === 'absolute' && width <= 2 && height <= 2
  }
  const isHiddenBox = (element: Element | null | undefined) => !!element && isHiddenText(element)
  const isScrolled = (overflow: string) => overflow === 'auto' || overflow === 'scroll'
  const isCut = (overflow: string) => overflow === 'hidden' || overflow === 'clip'
  const isTold = (element: Element) =>
    element.closest('[title], [data-hint], [aria-label], [data-told]') !== null

  const mayEndEarly = (element: Element) =>
    styleOf(element).textOverflow === 'ellipsis' &&
    element.matches(MAY_END_EARLY) &&
    isTold(element)

  /** What of a box is seen, and what hides the rest of it for good; null where it is scrolled away. */
  const look = (element: Element, box: Box): {seen: Box | null; hidden: string | null} => {
    let {left, top, right, bottom} = box
    let hidden: string | null = null
    // A rectangle of the browser has nothing of its own that could be spread.
    let whole: Box = {left, top, right, bottom}
    let position = styleOf(element).position
    for (let at = element.parentElement; at; at = at.parentElement) {
      const style = styleOf(at)
      // What is fixed is cut by nothing but the window.
      if (position === 'fixed') break
      if (style.position !== 'static' || position !== 'absolute') {
        const own = at.getBoundingClientRect()
        const isRoot = at === document.body || at === document.documentElement
        if (!isRoot) {
          for (const axis of ['x', 'y'] as const) {
            const overflow = axis === 'x' ? style.overflowX : style.overflowY
            if (!isCut(overflow) && !isScrolled(overflow)) continue
            const [low, high] = axis === 'x' ? [own.left, own.right] : [own.top, own.bottom]
            const [from, to] = axis === 'x' ? [whole.left, whole.right] : [whole.top, whole.bottom]
            if (isCut(overflow) && (from < low - SLACK_PX || to > high + SLACK_PX)) {
              const isEllipsis = axis === 'x' && mayEndEarly(at)
              if (!isEllipsis) hidden ??= `by ${nameOf(at).slice(0, 40)}, ${axis}`
            }
            // What can be scrolled to is as good as what the scrolling part itself is, if that is seen.
            if (isScrolled(overflow) && (from < low - SLACK_PX || to > high + SLACK_PX)) {
              const isSeenToScroll = axis === 'y' && style.scrollbarWidth !== 'none'
              if (!isSeenToScroll && !at.matches(SIDEWAYS)) {
                hidden ??= `scrolled away in ${nameOf(at).slice(0, 40)}, ${axis}`
              }
              // Boxes of text are a little higher than its letters.
              const isPartly = from < high - 5 && to > low + 5
              if (axis === 'y' && isPartly && at.matches(WHOLE_LINES) && element.closest('svg')) {
                hidden ??= `a part of a line in ${nameOf(at).slice(0, 40)}`
              }
            }
            if (axis === 'x') {
              whole = {...whole, left: Math.max(from, low), right: Math.min(to, high)}
              left = Math.max(left, low)
              right = Math.min(right, high)
            } else {
              whole = {...whole, top: Math.max(from, low), bottom: Math.min(to, high)}
              top = Math.max(top, low)
              bottom = Math.min(bottom, high)
            }
          }
        }
        if (position === 'absolute' || style.position === 'fixed') position = style.position
        else position = style.position === 'static' ? position : style.position
      }
    }
    const seen = right - left > 1 && bottom - top > 1 ? {left, top, right, bottom} : null
    return {seen, hidden: seen || hidden ? hidden : null}
  }

  const isOutside = (box: Box) =>
    box.left < -SLACK_PX ||
    box.top < -SLACK_PX ||
    box.right > innerWidth + SLACK_PX ||
    box.bottom > innerHeight + SLACK_PX
  const boxText = ({left, top, right, bottom}: Box) =>
    [left, top, right, bottom].map(Math.round).join(' ')
  const overlap = (a: Box, b: Box, slackX: number, slackY: number) =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > slackX &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > slackY
  const layerOf = (element: Element) => element.closest(LAYERS)

  const isStuck = (element: Element) => {
    for (let at: Element | null = element; at; at = at.parentElement) {
      if (styleOf(at).position === 'sticky') return true
    }
    return false
  }

  interface Piece {
    readonly element: Element
    readonly box: Box
    readonly text: string
  }
  const texts: Piece[] = []
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement
    const text = words(node.textContent ?? '')
    if (!element || text === '' || element.closest('script, style, textarea')) continue
    if (!isShown(element) || isHiddenText(element)) continue
    const range = document.createRange()
    range.selectNodeContents(node)
    const fontPx = Number.parseFloat(styleOf(element).fontSize)
    const own = (element as Element & {currentCSSZoom?: number}).currentCSSZoom ?? 1
    // Hints stand over the zoomed page and are enlarged by themselves.
    if (fontPx > 0 && fontPx < LEAST_TEXT_PX - 0.01 && own >= 1) {
      flaws.push({kind: 'small text', what: `“${text}”`, detail: `${fontPx} px`})
    }
    for (const box of range.getClientRects()) {
      if (box.width < 1 || box.height < 1) continue
      const own = styleOf(element)
      const inside = element.getBoundingClientRect()
      const isOwnCut =
        isCut(own.overflowX) &&
        (box.right > inside.right + SLACK_PX || box.left < inside.left - SLACK_PX)
      if (isOwnCut && !mayEndEarly(element)) {
        flaws.push({kind: 'cut', what: nameOf(element), detail: `“${text}” by itself`})
        continue
      }
      const shown = isOwnCut
        ? {left: inside.left, right: inside.right, top: box.top, bottom: box.bottom}
        : box
      const {seen, hidden} = look(element, shown)
      if (hidden) flaws.push({kind: 'cut', what: `“${text}”`, detail: hidden})
      else if (seen && isOutside(seen)) {
        flaws.push({kind: 'outside', what: `“${text}”`, detail: boxText(seen)})
      }
      if (seen && !hidden) texts.push({element, box: seen, text})
    }
  }

  for (const element of document.querySelectorAll(ALWAYS_THERE)) {
    if (!element.checkVisibility()) flaws.push({kind: 'missing', what: nameOf(element), detail: ''})
  }

  const controls: Piece[] = []
  for (const element of document.querySelectorAll(CONTROLS)) {
    const box = element.getBoundingClientRect()
    // Inputs that are drawn by something else are a pixel large.
    if (!isShown(element) || box.width < 3 || box.height < 3) continue
    if ([element.parentElement, element.parentElement?.parentElement].some(isHiddenBox)) continue
    if (styleOf(element).opacity === '0' || element.getAttribute('role') === 'separator') continue
    const {seen, hidden} = look(element, box)
    if (hidden) flaws.push({kind: 'cut', what: nameOf(element), detail: hidden})
    if (!seen) continue
    if (isOutside(seen)) {
      flaws.push({kind: 'outside', what: nameOf(element), detail: boxText(seen)})
    }
    controls.push({element, box: seen, text: ''})
  }

  const areRelated = (a: Element, b: Element) => a.contains(b) || b.contains(a)
  const compare = (pieces: Piece[], kind: Flaw['kind'], slackX: number, slackY: number) => {
    const sorted = [...pieces].sort((a, b) => a.box.top - b.box.top)
    for (const [i, a] of sorted.entries()) {
      for (let j = i + 1; j < sorted.length; j++) {
        const b = sorted[j]!
        if (b.box.top >= a.box.bottom) break
        if (!overlap(a.box, b.box, slackX, slackY) || areRelated(a.element, b.element)) continue
        if (layerOf(a.element) !== layerOf(b.element)) continue
        // The rest scrolls under what sticks to an edge.
        if (isStuck(a.element) !== isStuck(b.element)) continue
        flaws.push({
          kind,
          what: a.text ? `“${a.text}” and “${b.text}”` : nameOf(a.element),
          detail: a.text ? boxText(a.box) : `and ${nameOf(b.element)}`,
        })
      }
    }
  }
  compare(controls, 'controls overlap', 1.5, 1.5)
  // Boxes of text are a little higher than its letters.
  compare(texts, 'texts overlap', 2, 5)
  return flaws.slice(0, 60)
}
