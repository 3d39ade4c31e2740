let names: Intl.DisplayNames | null = null

/** A language by its English name; its code where there is none. */
export function languageName(code: string): string {
  try {
    names ??= new Intl.DisplayNames('en', {type: 'language'})
    return names.of(code) ?? code
  } catch {
    return code
  }
}
