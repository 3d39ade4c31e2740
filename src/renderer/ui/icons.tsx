const LINE = {fill: 'none', stroke: 'currentColor', strokeWidth: 1.25} as const

/** Half-filled disc: light or dark. */
export function ThemeIcon() {
  return (
    <svg width="16" height="16" aria-hidden="true">
      <circle cx="8" cy="8" r="5.5" {...LINE} />
      <path d="M8 2.5a5.5 5.5 0 0 1 0 11z" fill="currentColor" />
    </svg>
  )
}

export function DownIcon() {
  return (
    <svg className="down-icon" width="8" height="8" aria-hidden="true">
      <path d="M1 2.5h6L4 6.5z" fill="currentColor" />
    </svg>
  )
}

export function CloseIcon() {
  return (
    <svg width="8" height="8" aria-hidden="true">
      <path d="M1 1l6 6M7 1L1 7" {...LINE} />
    </svg>
  )
}

export function ModelsIcon() {
  return (
    <svg width="16" height="16" aria-hidden="true">
      <path
        d="M8 2.5l5.5 2.75L8 8 2.5 5.25zM2.5 8L8 10.75 13.5 8M2.5 10.75L8 13.5l5.5-2.75"
        {...LINE}
        strokeLinejoin="round"
      />
    </svg>
  )
}

export function PromptIcon() {
  return (
    <svg width="16" height="16" aria-hidden="true">
      <path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h7" {...LINE} />
    </svg>
  )
}

export function RunIcon() {
  return (
    <svg width="16" height="16" aria-hidden="true">
      <path d="M5 3.5v9l7-4.5z" fill="currentColor" />
    </svg>
  )
}

export function HistoryIcon() {
  return (
    <svg width="16" height="16" aria-hidden="true">
      <circle cx="8" cy="8" r="5.5" {...LINE} />
      <path d="M8 4.75V8l2.25 1.5" {...LINE} />
    </svg>
  )
}

export function InspectorIcon() {
  return (
    <svg width="16" height="16" aria-hidden="true">
      <rect x="2.5" y="3" width="11" height="10" rx="1.5" {...LINE} />
      <path d="M9.5 3v10" {...LINE} />
    </svg>
  )
}

export function FolderIcon() {
  return (
    <svg width="16" height="16" aria-hidden="true">
      <path d="M2.5 12.5v-9h4l1.5 2h5.5v7z" {...LINE} strokeLinejoin="round" />
    </svg>
  )
}

export function BackIcon() {
  return (
    <svg width="16" height="16" aria-hidden="true">
      <path d="M9.5 4L5.5 8l4 4" {...LINE} />
    </svg>
  )
}

export function ForwardIcon() {
  return (
    <svg width="16" height="16" aria-hidden="true">
      <path d="M6.5 4l4 4-4 4" {...LINE} />
    </svg>
  )
}

/** Two sliders. */
export function SettingsIcon() {
  return (
    <svg width="16" height="16" aria-hidden="true">
      <path d="M2.5 5.5h5M11.5 5.5h2M2.5 10.5h2M8.5 10.5h5" {...LINE} />
      <circle cx="9.5" cy="5.5" r="2" {...LINE} />
      <circle cx="6.5" cy="10.5" r="2" {...LINE} />
    </svg>
  )
}

/** Two halves. */
export function SplitIcon() {
  return (
    <svg width="16" height="16" aria-hidden="true">
      <path d="M2.5 3.5h11v9h-11zM8 3.5v9" {...LINE} />
    </svg>
  )
}

export function SwapIcon() {
  return (
    <svg width="16" height="16" aria-hidden="true">
      <path d="M2.5 6h10M10 3.5L12.5 6 10 8.5M13.5 11h-10M6 8.5L3.5 11 6 13.5" {...LINE} />
    </svg>
  )
}

/** The way in which a side pane goes. */
export function CollapseIcon({side}: {readonly side: 'left' | 'right'}) {
  return (
    <svg width="16" height="16" aria-hidden="true">
      <g transform={side === 'left' ? undefined : 'matrix(-1 0 0 1 16 0)'}>
        <path d="M2.5 3.5v9M13.5 8h-8M8.5 5L5.5 8l3 3" {...LINE} />
      </g>
    </svg>
  )
}
