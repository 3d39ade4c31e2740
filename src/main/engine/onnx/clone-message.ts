/**
 * A deep copy of a decoded message, unknown fields included, so that the copy may be edited. Bytes and
 * 64-bit numbers are shared with the original, as nobody writes into them. `onCopy` is told each pair.
 */
export function cloneMessage<Value>(
  value: Value,
  onCopy?: (original: object, copy: object) => void
): Value {
  return cloneValue(value, onCopy) as Value
}

function cloneValue(value: unknown, onCopy?: (original: object, copy: object) => void): unknown {
  if (Array.isArray(value)) return value.map((item) => cloneValue(item, onCopy))
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array || 'toNumber' in value) return value
  const copy = Object.create(Object.getPrototypeOf(value)) as Record<string, unknown>
  for (const [key, field] of Object.entries(value)) copy[key] = cloneValue(field, onCopy)
  // protobufjs keeps what it does not know in a property that is not listed.
  const unknown = (value as {$unknowns?: Uint8Array[]}).$unknowns
  if (unknown) {
    Object.defineProperty(copy, '$unknowns', {value: [...unknown], writable: true})
  }
  onCopy?.(value, copy)
  return copy
}
