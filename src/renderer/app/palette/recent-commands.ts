const KEY = 'tokenscope-recent-commands'
const MOST = 6

/** What was chosen in the palette last, newest first. */
export function recentCommands(): readonly string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]')
    return Array.isArray(kept) ? kept.filter((key) => typeof key === 'string').slice(0, MOST) : []
  } catch {
    return []
  }
}

export function rememberCommand(key: string): void {
  const others = recentCommands().filter((other) => other !== key)
  try {
    localStorage.setItem(KEY, JSON.stringify([key, ...others].slice(0, MOST)))
  } catch {
    // Without storage the palette opens as it does the first time.
  }
}
