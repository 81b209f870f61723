import { invalidRequest } from './api-error.ts';
import type { Context } from './context.ts';
import { HIDDEN, type StoredObject } from './stored-object.ts';
import { scopeOf } from './world.ts';

const EXPAND_DEPTH_MAX = 4;

/** Returns the answer as the API shows it: lists and errors with objects inside, each expanded by `paths`. */
export function present(ctx: Context, answer: Record<string, unknown>, paths: readonly string[]): unknown {
  assertDepth(paths);
  const { data } = answer;
  if (answer['object'] === 'search_result') return presentSearch(ctx, answer, paths);
  if (answer['object'] === 'list' && Array.isArray(data)) {
    const inner = paths.map((path) => {
      if (!path.startsWith('data.')) throw notExpandable(path);
      return path.slice('data.'.length);
    });
    return { ...answer, data: data.map((item: unknown) => (isStored(item) ? presentObject(ctx, item, inner) : item)) };
  }
  if (isStored(answer)) return presentObject(ctx, answer, paths);
  return answer;
}

/** `total_count` of a search is shown when it is expanded. */
function presentSearch(ctx: Context, answer: Record<string, unknown>, paths: readonly string[]): unknown {
  const { total_count, object, ...rest } = answer;
  const shown = present(
    ctx,
    { ...rest, object: 'list' },
    paths.filter((path) => path !== 'total_count'),
  );
  const counted = paths.includes('total_count') ? { total_count } : {};
  return { ...(isRecord(shown) ? shown : {}), object, ...counted };
}

/** Returns an object as the API shows it, without hidden facts, expanded by `paths`. */
export function presentObject(ctx: Context, value: StoredObject, paths: readonly string[]): Record<string, unknown> {
  const row = ctx.world.row(value.id);
  const own = row ? { ...ctx, scope: scopeOf(row.scope) } : ctx;
  const kind = ctx.kinds.get(value.object);
  const { [HIDDEN]: _hidden, ...visible } = value;
  const shown: Record<string, unknown> = visible;
  if (kind?.render && value['deleted'] !== true) Object.assign(shown, kind.render(own, value));
  const groups = Map.groupBy(paths, (path) => firstPart(path, kind?.expandable ?? [], shown));
  for (const [head, members] of groups) {
    const rest = members.filter((path) => path !== head).map((path) => path.slice(head.length + 1));
    expandField(own, shown, head, { rest, is_allowed: kind?.expandable?.includes(head) ?? false });
  }
  return shown;
}

/** Returns the expandable field that a path starts with: `latest_charge`, `payment_method_details.card.mandate`. */
function firstPart(path: string, expandable: readonly string[], shown: Record<string, unknown>): string {
  const found = expandable.find((name) => path === name || path.startsWith(`${name}.`));
  if (found !== undefined) return found;
  const head = path.split('.')[0] ?? '';
  if (isRecord(shown[head]) && path.includes('.')) return head;
  throw notExpandable(path);
}

function expandField(
  ctx: Context,
  shown: Record<string, unknown>,
  name: string,
  { rest, is_allowed }: { rest: readonly string[]; is_allowed: boolean },
): void {
  const [head = '', ...inner] = name.split('.');
  const value = shown[head];
  if (inner.length > 0) {
    if (!isRecord(value)) return;
    const copy = { ...value };
    shown[head] = copy;
    expandField(ctx, copy, inner.join('.'), { rest, is_allowed });
  } else if (typeof value === 'string' && is_allowed) {
    const row = ctx.world.row(value);
    if (row) shown[head] = presentObject(ctx, row.value, rest);
  } else if (Array.isArray(value)) {
    shown[head] = value.map((item: unknown) => {
      if (typeof item === 'string') {
        const row = ctx.world.row(item);
        return row ? presentObject(ctx, row.value, rest) : item;
      }
      return isStored(item) ? presentObject(ctx, item, rest) : item;
    });
  } else if (isRecord(value)) {
    shown[head] = value['object'] === 'list' ? expandList(ctx, value, rest) : expandHash(ctx, value, rest, name);
  } else if (!is_allowed) throw notExpandable(name);
}

function expandList(ctx: Context, value: Record<string, unknown>, rest: readonly string[]): unknown {
  return present(ctx, value, rest);
}

function expandHash(
  ctx: Context,
  value: Record<string, unknown>,
  rest: readonly string[],
  name: string,
): Record<string, unknown> {
  const copy = { ...value };
  for (const path of rest) {
    const head = path.split('.')[0] ?? '';
    if (!(head in copy)) throw notExpandable(`${name}.${path}`);
    const tail = path.slice(head.length + 1);
    expandField(ctx, copy, head, { rest: tail === '' ? [] : [tail], is_allowed: true });
  }
  return copy;
}

function assertDepth(paths: readonly string[]): void {
  for (const path of paths) {
    if (
      path
        .replace(/^data\./, '')
        .split('.')
        .filter((part) => part !== 'data').length > EXPAND_DEPTH_MAX
    )
      throw invalidRequest(undefined, `You cannot expand more than ${EXPAND_DEPTH_MAX} levels: ${path}`, 'expand');
  }
}

function notExpandable(path: string): Error {
  return invalidRequest(undefined, `This property cannot be expanded (${path}).`, 'expand');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isStored(value: unknown): value is StoredObject {
  return isRecord(value) && typeof value['id'] === 'string' && typeof value['object'] === 'string';
}
