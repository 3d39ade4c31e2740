import type {CaptionPart} from '../../shared/figures/tokens/caption.ts'

/** A caption's words, with tokens in their own typeface. */
export function CaptionText({parts}: {readonly parts: readonly CaptionPart[]}) {
  return parts.map((part, i) =>
    part.kind === 'token' ? (
      <b key={i} className="mono">
        {part.text}
      </b>
    ) : (
      <span key={i}>{part.text}</span>
    )
  )
}
