import { rawOf, isHash, type Call, type Context, type StoredObject } from '../engine/index.ts';

/**
 * Calls an endpoint of the API from a page, with the checks and events of a call from outside.
 *
 * @param route `POST /v1/payment_intents/:id/confirm`
 * @throws ApiError as the endpoint does
 */
export function callEndpoint(
  ctx: Context,
  route: string,
  parameters: Readonly<Record<string, unknown>>,
  path: Readonly<Record<string, string>> = {},
): StoredObject {
  const endpoints = Array.from(ctx.kinds.values(), (kind) => kind.endpoints ?? []).flat();
  const endpoint = endpoints.find((each) => `${each.method} ${each.path}` === route);
  if (!endpoint) throw new Error(`the emulator has no endpoint ${route}`);
  const raw = rawOf(dropEmpty(parameters));
  if (!isHash(raw)) throw new Error('parameters are an object');
  const call: Call = { ...ctx, path, url: endpoint.path, is_publishable: false, faults: [] };
  return endpoint.prepare(call, raw)() as StoredObject; // only endpoints that answer an object are called
}

/** Null and undefined are not sent: an empty text would unset the parameter. */
function dropEmpty(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const sent = Object.entries(values).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(sent.map(([name, value]) => [name, isPlain(value) ? dropEmpty(value) : value]));
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
