import type { Random } from './random.ts';

/** Values by the name of their field: those of the sample data, and those that responses returned. */
export interface Pool {
  pick(random: Random, name: string): string | undefined;
  /** Keeps every text and number of a response under the name of its field. */
  harvest(value: unknown): void;
}

const VALUES_MAX = 60;
const LENGTH_MAX = 200;

/** Names that mean the same kind of value in a path, a query and a body. */
const aliases: Record<string, string> = {
  user: 'username',
  slug: 'profile',
  organization: 'profile',
  subscriber: 'profile',
  subscribed_plan: 'plan',
  sync_on: 'email',
  verification_key: 'key',
  grant_key: 'key',
  request_key: 'key',
  cartitem_id: 'id',
  code: 'coupon',
};

export function makePool(start: Record<string, readonly string[]>): Pool {
  const values = new Map<string, string[]>(Object.entries(start).map(([name, list]) => [name, [...list]]));

  const keep = (name: string, text: string) => {
    if (text.length === 0 || text.length > LENGTH_MAX) return;
    const list = values.get(name) ?? [];
    values.set(name, list);
    if (list.includes(text)) return;
    list.push(text);
    // The first values are those of the sample data and stay.
    if (list.length > VALUES_MAX) list.splice(start[name]?.length ?? 0, 1);
  };

  const harvest = (value: unknown, name = 'value', depth = 0): void => {
    if (depth > 6) return;
    if (typeof value === 'string' || typeof value === 'number') keep(aliases[name] ?? name, String(value));
    else if (Array.isArray(value)) for (const item of value.slice(0, 5)) harvest(item, name, depth + 1);
    else if (typeof value === 'object' && value !== null)
      for (const [key, item] of Object.entries(value)) harvest(item, key, depth + 1);
  };

  return {
    pick(random, name) {
      const list = values.get(aliases[name] ?? name);
      return list === undefined || list.length === 0 ? undefined : random.pick(list);
    },
    harvest,
  };
}
