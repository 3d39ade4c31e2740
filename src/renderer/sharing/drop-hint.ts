/**
 * What will happen to what is being dragged. Until it is dropped a browser tells how many things there
 * are and of some their kind, never a name.
 */
export function dropHint(
  transfer: Pick<DataTransfer, 'items'>,
  areTokenizersShown = false
): string {
  const kinds = [...transfer.items].filter(({kind}) => kind === 'file').map(({type}) => type)
  if (kinds.length > 1) return `${kinds.length} things: only one can be opened at a time`
  const [type = ''] = kinds
  if (/^(?:image|audio|video|font)\/|^application\/(?:pdf|zip)/.test(type)) {
    return 'This kind of file cannot be opened'
  }
  if (areTokenizersShown && /json/.test(type)) {
    return 'Drop a tokenizer.json to compare it, or a prompt list'
  }
  if (/json|csv|tab-separated/.test(type)) return 'Drop to open it as a prompt list'
  if (type.startsWith('text/')) return 'Drop to open it as the prompt'
  return 'Drop a model folder to open it, or a prompt file'
}
