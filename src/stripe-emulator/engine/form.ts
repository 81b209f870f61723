import { invalidRequest } from './api-error.ts';

/** A parameter as it was sent: text, or fields by name (a list has the fields 0, 1, 2, …). */
export type Raw = string | RawHash;
export interface RawHash {
  [name: string]: Raw;
}

const PAIRS_MAX = 1_000;
const DEPTH_MAX = 10;

/**
 * Parses a form: `a[b][0]=x`, `a[]=x`. At most 1,000 pairs and 10 levels.
 *
 * Hashes have no prototype, and `__proto__`, `constructor` and `prototype` are refused as names.
 */
export function parseForm(text: string): RawHash {
  const hash = emptyHash();
  if (text === '') return hash;
  const pairs = text.split('&');
  if (pairs.length > PAIRS_MAX) throw invalidRequest(undefined, `At most ${PAIRS_MAX} parameters are allowed.`);
  for (const pair of pairs) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    const name = decode(at < 0 ? pair : pair.slice(0, at));
    put(hash, pathOf(name), at < 0 ? '' : decode(pair.slice(at + 1)), name);
  }
  return hash;
}

/** Converts JSON (v2) to the same structure as a form. */
export function rawOf(json: unknown, depth = 0): Raw {
  if (depth > DEPTH_MAX) throw invalidRequest(undefined, 'The parameters are nested too deeply.');
  if (json === null || json === undefined) return '';
  if (typeof json === 'string') return json;
  if (typeof json === 'number' || typeof json === 'boolean') return String(json);
  const hash = emptyHash();
  for (const [name, value] of Object.entries(json)) {
    assertName(name, name);
    hash[name] = rawOf(value, depth + 1);
  }
  return hash;
}

function emptyHash(): RawHash {
  const hash: RawHash = Object.create(null) as RawHash; // Object.create is typed any
  return hash;
}

export function isHash(raw: Raw | undefined): raw is RawHash {
  return typeof raw === 'object';
}

/** Returns the parameters in one text: equal for equal parameters in any order. */
export function canonicalText(raw: Raw): string {
  if (!isHash(raw)) return JSON.stringify(raw);
  const names = Object.keys(raw).toSorted();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonicalText(raw[name] ?? '')}`).join(',')}}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw invalidRequest(undefined, 'The request is not encoded as application/x-www-form-urlencoded in UTF-8.');
  }
}

/** `a[b][c]` → a, b, c. A bracket inside a name stays part of it, as in `metadata[k[x]]`. */
function pathOf(name: string): string[] {
  const open = name.indexOf('[');
  if (open <= 0 || !name.endsWith(']')) return [name];
  return [name.slice(0, open), ...name.slice(open + 1, -1).split('][')];
}

function put(root: RawHash, path: readonly string[], value: string, name: string): void {
  if (path.length > DEPTH_MAX) throw invalidRequest(undefined, 'The parameters are nested too deeply.', name);
  let hash = root;
  path.forEach((part, index) => {
    const key = part === '' ? String(Object.keys(hash).length) : part;
    assertName(key, name);
    if (index === path.length - 1) {
      hash[key] = value;
      return;
    }
    const inner = hash[key];
    if (isHash(inner)) hash = inner;
    else {
      const created = emptyHash();
      hash[key] = created;
      hash = created;
    }
  });
}

function assertName(key: string, name: string): void {
  if (key === '__proto__' || key === 'constructor' || key === 'prototype')
    throw invalidRequest('parameter_unknown', `Received unknown parameter: ${name}`, name);
}
