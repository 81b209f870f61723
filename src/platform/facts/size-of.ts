const OBJECT_BYTES = 32;
const SLOT_BYTES = 16;

/** Estimates the memory of plain objects, arrays, maps, sets, dates and texts. Shared parts count each time. */
export function sizeOf(value: unknown): number {
  if (typeof value === 'string') return OBJECT_BYTES + value.length;
  if (typeof value !== 'object' || value === null) return SLOT_BYTES / 2;
  if (value instanceof Date) return OBJECT_BYTES;
  if (ArrayBuffer.isView(value)) return OBJECT_BYTES + value.byteLength;
  if (value instanceof Map) return sizeOfAll([...value.keys(), ...value.values()]);
  return sizeOfAll(Array.isArray(value) || value instanceof Set ? value : Object.values(value));
}

function sizeOfAll(values: Iterable<unknown>): number {
  let bytes = OBJECT_BYTES;
  for (const value of values) bytes += SLOT_BYTES / 2 + sizeOf(value);
  return bytes;
}
