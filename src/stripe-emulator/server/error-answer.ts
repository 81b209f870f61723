import { ApiError, present, type Call, type Fault } from '../engine/index.ts';
import type { Emulator } from './emulator.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Faults that act on the wire after the work is done. */
  readonly faults: readonly Fault[];
}

/** What is known of a call before it is read: its id and the headers of every answer. */
export interface Head {
  readonly request: string;
  readonly headers: Record<string, string>;
}

export function internalError(): ApiError {
  const message = 'Sorry! There was an error while talking to one of our backends. Support has been notified.';
  return new ApiError(500, { type: 'api_error', message });
}

/** Writes an error as Stripe does; absent fields are left out. */
export function errorAnswer(emulator: Emulator, head: Head, error: unknown, call?: Call): Answer {
  const known = error instanceof ApiError ? error : internalError();
  if (known !== error) emulator.onBug(error);
  const { objects = {}, ...extra } = known.extra;
  const shown = Object.entries(objects).map(([name, value]): [string, unknown] => [
    name,
    call && typeof value === 'object' && value !== null ? present(call, { ...value }, []) : value,
  ]);
  const body = {
    error: {
      type: known.type,
      code: known.code,
      ...extra,
      doc_url: known.code && `https://stripe.com/docs/error-codes/${known.code.replaceAll('_', '-')}`,
      message: known.message,
      param: known.param,
      ...Object.fromEntries(shown),
      request_log_url: `${emulator.settings.base_url}/_emulator?request=${head.request}`,
    },
  };
  return { status: known.status, headers: { ...head.headers, ...known.headers }, body: jsonText(body), faults: [] };
}

export function jsonText(value: unknown): string {
  return JSON.stringify(value, undefined, 2);
}
