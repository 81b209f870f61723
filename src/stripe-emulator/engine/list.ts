import { invalidRequest, missingObject } from './api-error.ts';
import type { Call, Endpoint } from './context.ts';
import { defineEndpoint, pathId } from './endpoint.ts';
import { isHash, type Raw } from './form.ts';
import { integer, list as listOf, text, type Param, type Spec, type Values } from './param.ts';
import type { Page, StoredObject } from './stored-object.ts';
import { World } from './world.ts';

const LIMIT_MAX = 100;
const LIMIT_DEFAULT = 10;
const BOUNDS = ['gt', 'gte', 'lt', 'lte'] as const;

export type Span = Partial<Record<(typeof BOUNDS)[number], number>>;

/** `created` of a list: a second, or bounds. */
export const span: Param<Span> = {
  read(raw: Raw, path) {
    const second = integer();
    if (!isHash(raw)) {
      const at = second.read(raw, path);
      return { gte: at, lte: at };
    }
    const bounds: Span = {};
    for (const [name, value] of Object.entries(raw)) {
      const bound = BOUNDS.find((each) => each === name);
      if (bound === undefined)
        throw invalidRequest('parameter_unknown', `Received unknown parameter: ${path}[${name}]`, `${path}[${name}]`);
      bounds[bound] = second.read(value, `${path}[${name}]`);
    }
    return bounds;
  },
};

/** Parameters of every list. */
export const list_params = {
  limit: integer(1, LIMIT_MAX),
  starting_after: text(255),
  ending_before: text(255),
  created: span,
};
export type ListParams = Values<typeof list_params>;

export function isInSpan(value: StoredObject, { gt, gte, lt, lte }: Span): boolean {
  const created = Number(value.created ?? 0);
  return (
    (gt === undefined || created > gt) &&
    (gte === undefined || created >= gte) &&
    (lt === undefined || created < lt) &&
    (lte === undefined || created <= lte)
  );
}

/**
 * Returns a page of `items`, which are in the order of creation; the page has the newest first.
 *
 * @throws ApiError 400 when the cursor is not among the items
 */
export function pageOf(call: Call, items: readonly StoredObject[], params: Partial<ListParams>): Page {
  const { limit = LIMIT_DEFAULT, starting_after, ending_before, created } = params;
  if (starting_after !== undefined && ending_before !== undefined)
    throw invalidRequest(
      'parameters_exclusive',
      'You may only specify one of these parameters: starting_after, ending_before.',
      'ending_before',
    );
  const visible = hideLate(call, items);
  const found = (created ? visible.filter((item) => isInSpan(item, created)) : visible).toReversed();
  const cursor = starting_after ?? ending_before;
  const head = { object: 'list', url: call.url } as const;
  if (cursor === undefined) return { ...head, has_more: found.length > limit, data: found.slice(0, limit) };
  const at = found.findIndex(({ id }) => id === cursor);
  if (at < 0)
    throw missingObject(found[0]?.object ?? 'object', cursor, starting_after ? 'starting_after' : 'ending_before');
  if (starting_after !== undefined) {
    const rest = found.slice(at + 1);
    return { ...head, has_more: rest.length > limit, data: rest.slice(0, limit) };
  }
  const earlier = found.slice(0, at);
  return { ...head, has_more: earlier.length > limit, data: earlier.slice(-limit) };
}

/** Returns a short list inside an object, as `charge.refunds`; it does not page. */
export function innerList(url: string, items: readonly StoredObject[], limit = LIMIT_DEFAULT): Page {
  const newest = items.toReversed();
  return { object: 'list', data: newest.slice(0, limit), has_more: newest.length > limit, url };
}

/** Defines the list of a kind. Each filter is a field of the object that must have the value sent. */
export function defineList<S extends Spec>(path: `/${string}`, kind: string, filters: S): Endpoint {
  return defineEndpoint(`GET ${path}`, { ...list_params, ...filters }, (call, params) => {
    const sent = Object.keys(filters).flatMap((name): [string, unknown][] => {
      const value: unknown = Object.entries(params).find(([key]) => key === name)?.[1];
      return value === undefined ? [] : [[name, value]];
    });
    const items = candidates(call, kind, sent).filter((item) => sent.every(([name, value]) => item[name] === value));
    return pageOf(
      call,
      items.filter((item) => item['deleted'] !== true),
      params,
    );
  });
}

/** Defines the retrieval of one object by id. */
export function defineRetrieve(path: `/${string}`, kind: string): Endpoint {
  return defineEndpoint(`GET ${path}`, {}, (call) => findOr404(call, kind, pathId(call)));
}

/** Returns an object of the call's account. @throws ApiError 404, or 400 when `param` names where the id was sent */
export function findOr404(call: Pick<Call, 'world' | 'scope'>, kind: string, id: string, param?: string): StoredObject {
  const value = call.world.get(call.scope, kind, id);
  if (!value) throw missingObject(kind, id, param);
  return value;
}

/** Values of an enumeration list, as `expand` or `types[]`. */
export const texts = listOf(text(200), 50);

function candidates(call: Call, kind: string, sent: readonly (readonly [string, unknown])[]): StoredObject[] {
  for (const field of World.INDEXED) {
    const value = sent.find(([name]) => name === field)?.[1];
    if (typeof value === 'string') return call.world.by(call.scope, kind, field, value);
  }
  return call.world.all(call.scope, kind);
}

/** `late_list;s=`: objects younger than this are not shown. */
function hideLate(call: Call, items: readonly StoredObject[]): readonly StoredObject[] {
  const fault = call.faults.find(({ name }) => name === 'late_list');
  if (!fault) return items;
  const before = call.world.now - Number(fault.values['s'] ?? 60);
  return items.filter(({ created }) => typeof created !== 'number' || created <= before);
}
