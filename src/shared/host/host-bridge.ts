import {z} from 'zod'

/**
 * What the desktop's main process and its page say to each other, apart from the engine's port. The
 * served page has no such bridge: whoever uses it falls back to what a browser can do.
 */

/** A command as a native menu shows it; the page owns the list and says when it has changed. */
export const menuCommandSchema = z.object({
  id: z.string(),
  title: z.string(),
  group: z.enum(['file', 'edit', 'view', 'go', 'run', 'help']),
  /** As Electron writes accelerators (`CmdOrCtrl+K`); shown only, the page handles the key. */
  accelerator: z.string().nullable(),
  isEnabled: z.boolean(),
})
export type MenuCommand = z.infer<typeof menuCommandSchema>

export const pageMessageSchema = z.discriminatedUnion('kind', [
  z.object({kind: z.literal('commands'), commands: z.array(menuCommandSchema)}),
  /** Opens the platform's folder chooser; the answer is an `open-folder` message. */
  z.object({kind: z.literal('choose-folder')}),
  /** A model folder or a file was opened in the page: the platform may list it as recent. */
  z.object({kind: z.literal('opened'), path: z.string()}),
  /** The drawn theme, so that frames and native menus match. */
  z.object({kind: z.literal('theme'), theme: z.enum(['light', 'dark', 'system'])}),
  /** Shows the folder with the crash reports that are kept on this machine. */
  z.object({kind: z.literal('show-crash-reports')}),
  z.object({kind: z.literal('new-window')}),
])
export type PageMessage = z.infer<typeof pageMessageSchema>

export const hostMessageSchema = z.discriminatedUnion('kind', [
  /** A menu item was chosen. */
  z.object({kind: z.literal('run-command'), id: z.string()}),
  /** A model folder that was chosen, dropped on the dock, or given on the command line. */
  z.object({kind: z.literal('open-folder'), path: z.string()}),
  /** A prompt file that was opened through the platform, with its text. */
  z.object({kind: z.literal('open-file'), name: z.string(), text: z.string()}),
  /** A `tokenscope://` link. */
  z.object({kind: z.literal('open-link'), url: z.string()}),
  /** Something that the platform asked for cannot be done: a line for the job line. */
  z.object({kind: z.literal('notice'), text: z.string()}),
])
export type HostMessage = z.infer<typeof hostMessageSchema>

/** What the preload script exposes as `window.tokenscopeHost`. */
export interface HostBridge {
  send(message: PageMessage): void
  /** Calls back with every message from now on; answers what stops it. */
  onMessage(listener: (message: unknown) => void): () => void
  /** Where a dropped file or folder lies; empty where the platform does not say. */
  pathOf(file: unknown): string
}
