const LIST_MAX = 2;

/** Secrets and random keys, and their replacements in the examples. */
const replacements: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4aWEifQ.c2lnbmF0dXJl'],
  [/\b[0-9a-f]{40}\b/g, '0123456789abcdef0123456789abcdef01234567'],
  [/\bch_(?!XAb124EF)[A-Za-z0-9]+/g, 'ch_1Gq2Xy7Kd0'],
  [/\b[A-Za-z0-9]{64}\b/g, 'ExampleKeyExampleKeyExampleKey32ExampleSecretExampleSecretExamp64'],
  [/\b(?=[A-Z0-9]*[a-z])[A-Za-z0-9]{32}\b/g, 'ExampleKeyExampleKeyExampleKey32'],
  [/\b[A-Z2-7]{32}\b/g, 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'],
  [/(?<![\w-])[\w-]{43}(?![\w-])/g, 'Zm9yLWV4YW1wbGUtb25seS1uZXZlci1hLXJlYWwta2V5'],
];

/** Returns the value with random texts replaced and lists cut to a few rows, so that two recordings are the same. */
export function stabilize<T>(value: T): T {
  return walk(value) as T; // the same shape
}

function walk(value: unknown): unknown {
  if (typeof value === 'string')
    return replacements.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), value);
  if (Array.isArray(value)) return value.slice(0, LIST_MAX).map(walk);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      key.endsWith('_code') && isSixDigits(item) ? '123456' : walk(item),
    ]),
  );
}

function isSixDigits(value: unknown): boolean {
  return typeof value === 'string' && /^\d{6}$/.test(value);
}
