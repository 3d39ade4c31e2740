/** The shell that a command is written for; the one of the engine's machine. */
export type Shell = 'posix' | 'powershell'

/** The shell of the machine whose paths look like this one. */
export function shellOfPath(path: string): Shell {
  return /^(?:[a-z]:[\\/]|\\\\)/iu.test(path) ? 'powershell' : 'posix'
}

const PLAIN = /^[\w@%+=:,./-]+$/

/** An argument as the shell reads it back, character by character. */
export function quoteArgument(text: string, shell: Shell): string {
  if (shell === 'posix') {
    return PLAIN.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
  }
  // PowerShell takes typographic quotes for quotes too, and `@`, `,` and `%` for its own.
  return /^[\w+=:./\\-]+$/.test(text) ? text : `'${text.replace(/['‘’‚‛]/gu, '$&$&')}'`
}

/** Whether a text survives as an argument; otherwise it has to go in by standard input. */
export function isArgument(text: string, shell: Shell): boolean {
  // Half a surrogate pair has no UTF-8, and control characters do not survive being pasted.
  if (/\p{Surrogate}/u.test(text) || /[^\P{Cc}\n]/u.test(text)) return false
  // PowerShell before 7.3 loses quotes and backslashes before them on the way to a program.
  return shell === 'posix' || !/["\n]|\\$/u.test(text)
}

/** A program with arguments, in one line or, where that is long, with a line for each flag. */
export function commandLines(words: readonly (readonly string[])[], shell: Shell): string {
  const parts = words.map((group) => group.map((word) => quoteArgument(word, shell)).join(' '))
  const line = parts.join(' ')
  if (line.length <= 100) return line
  return parts.join(shell === 'posix' ? ' \\\n  ' : ' `\n  ')
}

/** A program that is given a JSON by its standard input. */
export function withInput(command: string, value: unknown, shell: Shell): string {
  const json = JSON.stringify(value, null, 2)
  // No line of JSON is the word that ends it: line breaks inside of texts are escaped.
  if (shell === 'posix') return `${command} <<'END-OF-REQUEST'\n${json}\nEND-OF-REQUEST`
  const ascii = json.replace(
    /[^\n\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  )
  return `@'\n${ascii}\n'@ | ${command}`
}
