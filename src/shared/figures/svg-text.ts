/**
 * Text that every XML reader takes: characters XML 1.0 forbids become U+FFFD, white space one space.
 * Escaping is left to the painter.
 */
export function xmlText(text: string): string {
  return (
    text
      // With the u flag only surrogates without their partner match.
      .replace(/[\ud800-\udfff]/gu, '\ufffd')
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
  )
}

/** JSON whose characters every XML reader takes, and that reads back as the same value. */
export function xmlJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  )
}
