import {spawn} from 'node:child_process'

/** Asks the system to show an address. Where there is no browser the printed address must do. */
export function openBrowser(url: string): void {
  // Without a display xdg-open would start a text browser in somebody's terminal.
  const {DISPLAY, WAYLAND_DISPLAY} = process.env
  if (process.platform === 'linux' && !DISPLAY && !WAYLAND_DISPLAY) return
  const [command, ...rest] = openCommand(url)
  const child = spawn(command, rest, {stdio: 'ignore', detached: true})
  child.on('error', () => undefined)
  child.unref()
}

function openCommand(url: string): [string, ...string[]] {
  switch (process.platform) {
    case 'darwin':
      return ['open', url]
    case 'win32':
      // `start` is part of the shell, whose first quoted argument is a window title.
      return ['cmd', '/c', 'start', '""', url.replaceAll('&', '^&')]
    default:
      return ['xdg-open', url]
  }
}
