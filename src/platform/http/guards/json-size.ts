/** Maximum size of the JSON text of one `extra`. Units: bytes. */
export const EXTRA_BYTES_MAX = 4096;

interface SizeKeyword {
  (bytes_max: number, value: unknown): boolean;
  errors?: { keyword: string; params: { limit: number }; message: string }[];
}

const keyword = 'x-max-json-bytes';

const validate: SizeKeyword = (bytes_max, value) => {
  if (jsonBytes(value) <= bytes_max) return true;
  validate.errors = [{ keyword, params: { limit: bytes_max }, message: `has more than ${bytes_max} bytes of JSON` }];
  return false;
};

/** Keyword for the size of a value of any shape, which JSON Schema lacks. */
export const jsonSizeKeyword = { keyword, schemaType: 'number' as const, validate, errors: true };

/** Returns the size of the JSON text of a value, as it would be stored. */
export function jsonBytes(value: unknown): number {
  if (value === undefined || value === null) return 0;
  try {
    return Buffer.byteLength(typeof value === 'string' ? value : JSON.stringify(value));
  } catch {
    // Too deeply nested to serialize.
    return Number.POSITIVE_INFINITY;
  }
}
