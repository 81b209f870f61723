import { invalidRequest } from './api-error.ts';
import { isHash, type Raw, type RawHash } from './form.ts';

/** A type of parameters: `read` converts what was sent or throws a 400 that names `path`. */
export interface Param<T> {
  readonly read: (raw: Raw, path: string) => T;
}
export interface RequiredParam<T> extends Param<T> {
  readonly is_required: true;
}
export type Spec = Readonly<Record<string, Param<unknown>>>;

/** What a handler gets: a parameter that was not sent is undefined. */
export type Values<S extends Spec> = {
  readonly [K in keyof S as S[K] extends RequiredParam<unknown> ? K : never]: ValueOf<S[K]>;
} & {
  readonly [K in keyof S as S[K] extends RequiredParam<unknown> ? never : K]?: ValueOf<S[K]> | undefined;
};
type ValueOf<P> = P extends Param<infer T> ? T : never;

const METADATA = { keys: 50, key_length: 40, value_length: 500 };
const TEXT_MAX = 5_000;

export function required<T>(param: Param<T>): RequiredParam<T> {
  return { ...param, is_required: true };
}

/** A parameter that an empty text unsets: null. */
export function unsettable<T>(param: Param<T>): Param<T | null> {
  return { read: (raw, path) => (raw === '' ? null : param.read(raw, path)) };
}

export function text(max = TEXT_MAX): Param<string> {
  return {
    read(raw, path) {
      const value = readText(raw, path);
      if (value.trim() === '')
        throw invalidRequest(
          value === '' ? 'parameter_invalid_empty' : 'parameter_invalid_string_blank',
          `You passed an empty string for '${path}'. We assume empty values are an attempt to unset a parameter; however '${path}' cannot be unset.`,
          path,
        );
      if (value.length > max)
        throw invalidRequest(
          undefined,
          `Invalid string: ${path} must be at most ${max} characters, it has ${value.length}.`,
          path,
        );
      return value;
    },
  };
}

export function integer(min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER): Param<number> {
  return {
    read(raw, path) {
      const value = readText(raw, path);
      if (value === '') throw invalidRequest('parameter_invalid_empty', `'${path}' cannot be unset.`, path);
      const count = Number(value);
      if (!/^-?\d{1,16}$/.test(value) || !Number.isSafeInteger(count))
        throw invalidRequest('parameter_invalid_integer', `Invalid integer: ${value.slice(0, 40)}`, path);
      if (count < min)
        throw invalidRequest('parameter_invalid_integer', `${path} must be greater than or equal to ${min}`, path);
      if (count > max)
        throw invalidRequest('parameter_invalid_integer', `${path} must be less than or equal to ${max}`, path);
      return count;
    },
  };
}

export function boolean(): Param<boolean> {
  return {
    read(raw, path) {
      const value = readText(raw, path);
      if (value === 'true' || value === '1') return true;
      if (value === 'false' || value === '0') return false;
      throw invalidRequest(undefined, `Invalid boolean: ${value.slice(0, 40)}`, path);
    },
  };
}

export function choice<const T extends string>(...values: readonly T[]): Param<T> {
  return {
    read(raw, path) {
      const value = readText(raw, path);
      const found = values.find((each) => each === value);
      if (found === undefined)
        throw invalidRequest(undefined, `Invalid ${path}: must be one of ${values.join(', ')}`, path);
      return found;
    },
  };
}

export function hash<S extends Spec>(spec: S): Param<Values<S>> {
  return {
    read(raw, path) {
      if (!isHash(raw)) throw invalidRequest(undefined, 'Invalid object', path);
      return readParams(spec, raw, path);
    },
  };
}

export function list<T>(param: Param<T>, max = 100): Param<readonly T[]> {
  return {
    read(raw, path) {
      if (raw === '') return [];
      if (!isHash(raw) || !Object.keys(raw).every((name) => /^\d{1,4}$/.test(name)))
        throw invalidRequest(undefined, 'Invalid array', path);
      const names = Object.keys(raw).toSorted((a, b) => Number(a) - Number(b));
      if (names.length > max) throw invalidRequest(undefined, `${path} has at most ${max} elements.`, path);
      return names.map((name) => param.read(raw[name] ?? '', `${path}[${name}]`));
    },
  };
}

/** Any content: for parameters that the emulator accepts and ignores. */
export function free(): Param<Raw> {
  return { read: (raw) => raw };
}

/** Changes of metadata: a text sets a key, '' deletes it; null (`metadata=`) clears all. */
export function metadata(): Param<Readonly<Record<string, string>> | null> {
  return {
    read(raw, path) {
      if (raw === '') return null;
      if (!isHash(raw)) throw invalidRequest(undefined, 'Invalid object', path);
      const entries = Object.entries(raw).map(([key, value]): [string, string] => {
        const content = readText(value, `${path}[${key}]`);
        if (key.length > METADATA.key_length)
          throw invalidRequest(
            undefined,
            `Metadata keys must be under ${METADATA.key_length} characters long.`,
            `${path}[${key}]`,
          );
        if (content.length > METADATA.value_length)
          throw invalidRequest(
            undefined,
            `Metadata values must be under ${METADATA.value_length} characters, but you passed in a value that is ${content.length} characters.`,
            `${path}[${key}]`,
          );
        return [key, content];
      });
      return Object.fromEntries(entries);
    },
  };
}

/** Returns metadata after a change. @throws ApiError with more than 50 keys */
export function mergeMetadata(
  before: Readonly<Record<string, string>>,
  change: Readonly<Record<string, string>> | null | undefined,
): Record<string, string> {
  if (change === undefined) return { ...before };
  const merged = Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value !== ''));
  const kept = change === null ? {} : merged;
  if (Object.keys(kept).length > METADATA.keys)
    throw invalidRequest(undefined, `Metadata has at most ${METADATA.keys} keys.`, 'metadata');
  return kept;
}

/** Reads parameters by their table. @throws ApiError 400 for an unknown, missing or malformed one */
export function readParams<S extends Spec>(spec: S, raw: RawHash, path = ''): Values<S> {
  const at = (name: string) => (path === '' ? name : `${path}[${name}]`);
  for (const name of Object.keys(raw)) {
    if (!Object.hasOwn(spec, name))
      throw invalidRequest('parameter_unknown', `Received unknown parameter: ${at(name)}`, at(name));
  }
  const values = Object.entries(spec).map(([name, param]): [string, unknown] => {
    const sent = raw[name];
    if (sent !== undefined) return [name, param.read(sent, at(name))];
    if ('is_required' in param)
      throw invalidRequest('parameter_missing', `Missing required param: ${at(name)}.`, at(name));
    return [name, undefined];
  });
  return Object.fromEntries(values) as Values<S>; // built from the table that the type is computed from
}

/** @throws ApiError 400 when more than one of these parameters was sent */
export function assertExclusive(params: Readonly<Record<string, unknown>>, ...names: readonly string[]): void {
  const sent = names.filter((name) => params[name] !== undefined && params[name] !== null);
  if (sent.length > 1)
    throw invalidRequest(
      'parameters_exclusive',
      `You may only specify one of these parameters: ${sent.join(', ')}.`,
      sent[1],
    );
}

function readText(raw: Raw, path: string): string {
  if (isHash(raw)) throw invalidRequest(undefined, 'Invalid string: an object was passed', path);
  return raw;
}
