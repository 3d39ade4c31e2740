import {Fragment, useRef} from 'react'
import {Menu, MenuItem, MenuSection, Popover, Separator} from 'react-aria-components'
import './controls.css'

export interface ContextMenuItem {
  readonly id: string
  readonly title: string
  /** The key that does the same; empty where there is none. */
  readonly keyText: string
  /** A line is drawn where it changes. */
  readonly section: string
}

export interface ContextMenuProps {
  /** What it is about, for those who do not see it. */
  readonly label: string
  /** The point of the window that it opens at; null where it is closed. */
  readonly at: {readonly xPx: number; readonly yPx: number} | null
  readonly items: readonly ContextMenuItem[]
  readonly onAction: (id: string) => void
  readonly onClose: () => void
}

/** A menu at a point of the window; Escape and a click beside it close it, and the focus goes back. */
export function ContextMenu({label, at, items, onAction, onClose}: ContextMenuProps) {
  const anchorRef = useRef<HTMLSpanElement>(null)
  const sections = [...new Set(items.map(({section}) => section))]
  return (
    <>
      <span
        ref={anchorRef}
        className="menu-anchor"
        style={at ? {left: at.xPx, top: at.yPx} : undefined}
        aria-hidden="true"
      />
      <Popover
        className="popover"
        aria-label={label}
        triggerRef={anchorRef}
        isOpen={at !== null}
        onOpenChange={(isOpen) => {
          if (!isOpen) onClose()
        }}
        placement="bottom start"
        offset={2}
        // Another point is another place, though the anchor is the same element.
        key={at ? `${at.xPx} ${at.yPx}` : 'closed'}
      >
        <Menu
          className="menu"
          aria-label={label}
          autoFocus="first"
          onAction={(key) => onAction(String(key))}
          onClose={onClose}
          data-testid="context-menu"
        >
          {sections.map((section, i) => (
            <Fragment key={section}>
              {i > 0 && <Separator className="menu-line" />}
              <MenuSection aria-label={section}>
                {items
                  .filter((item) => item.section === section)
                  .map((item) => (
                    <MenuItem
                      key={item.id}
                      id={item.id}
                      className="menu-item"
                      textValue={item.title}
                      data-command={item.id}
                    >
                      {item.title}
                      <span className="end">{item.keyText}</span>
                    </MenuItem>
                  ))}
              </MenuSection>
            </Fragment>
          ))}
        </Menu>
      </Popover>
    </>
  )
}
