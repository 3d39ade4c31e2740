import {app, BrowserWindow, type ContextMenuParams, Menu} from 'electron'

/** Cut, copy and paste under the right button in text fields, and copy on selected text. */
export function serveContextMenus(): void {
  app.on('web-contents-created', (_, contents) => {
    contents.on('context-menu', (_event, parameters) => {
      const window = BrowserWindow.fromWebContents(contents)
      const template = contextMenuTemplate(parameters)
      if (window && template.length > 0) Menu.buildFromTemplate(template).popup({window})
    })
  })
}

/** Empty where there is nothing to copy and nothing to type into: the page has menus of its own. */
export function contextMenuTemplate({
  isEditable,
  selectionText,
  editFlags,
}: Pick<ContextMenuParams, 'isEditable' | 'selectionText' | 'editFlags'>) {
  if (isEditable) {
    return [
      {role: 'cut' as const, enabled: editFlags.canCut},
      {role: 'copy' as const, enabled: editFlags.canCopy},
      {role: 'paste' as const, enabled: editFlags.canPaste},
      {type: 'separator' as const},
      {role: 'selectAll' as const, enabled: editFlags.canSelectAll},
    ]
  }
  return selectionText.trim() === '' ? [] : [{role: 'copy' as const, enabled: editFlags.canCopy}]
}
