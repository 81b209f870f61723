import { presentObject, scopeName, scopeOf, type DeliveryRow, type StoredObject } from '../engine/index.ts';
import { makeErrorPage, redirectTo, renderConsole, type ConsoleTable, type PageResponse } from '../pages/index.ts';
import type { Emulator } from '../server/index.ts';
import { findShapeFaults } from '../shapes/index.ts';
import { actionsOf } from './object-actions.ts';
import { findPlaced, type PageRequest } from './page-work.ts';

/** A delivery that was tried. */
export interface TriedDelivery {
  readonly event: string;
  readonly type: string;
  readonly url: string;
  readonly at: number;
  readonly attempt: number;
  readonly status: number | null;
}

const ROWS_MAX = 100;

/** Shows requests, objects, deliveries, and what was asked for and is not built. */
export function answerConsole(emulator: Emulator, attempts: readonly TriedDelivery[]): PageResponse {
  return renderConsole({
    title: 'Stripe emulator',
    facts: [
      ['Clock', new Date(emulator.clock_ms).toISOString()],
      ['Address', emulator.settings.base_url],
    ],
    actions: [],
    tables: [objectCounts(emulator), requests(emulator), deliveries(attempts), waiting(emulator), unbuilt(emulator)],
  });
}

/** Shows the newest objects of a kind in one account. */
export function answerObjects(emulator: Emulator, { fields }: PageRequest): PageResponse {
  const { kind = '', scope = '' } = fields;
  if (kind.startsWith('_')) return makeErrorPage(404, 'Not found', 'There is no such kind of object.');
  const objects = emulator.world.all(scopeOf(scope), kind).toReversed().slice(0, ROWS_MAX);
  return renderConsole({
    title: `${kind} in ${scope}`,
    facts: [['Shown', `the newest ${ROWS_MAX} at most`]],
    actions: [],
    tables: [
      {
        title: 'Objects',
        columns: ['Id', 'Status', 'Amount', 'Created'],
        rows: objects.map((value) => [
          { text: value.id, href: objectPath(value.id) },
          textOf(value['status']),
          [textOf(value['amount']), textOf(value['currency'])].join(' ').trim(),
          timeOf(value.created),
        ]),
        empty: 'There are no objects of this kind.',
      },
    ],
  });
}

/** Shows one object with what may happen to it, or does one of these things. */
export function answerObject(emulator: Emulator, id: string, { method, fields }: PageRequest): PageResponse {
  const kinds = Array.from(emulator.kinds.keys());
  const place = findPlaced(emulator, id, [...kinds, 'bank_account']);
  if (!place) return makeErrorPage(404, 'Not found', 'There is no such object.');
  const { ctx, value } = place;
  const actions = actionsOf(value);
  if (method === 'POST') {
    const name = fields['action'] ?? '';
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
    if (!action) return makeErrorPage(409, 'Not possible', 'The object is in another state now.');
    action.run(ctx);
    return redirectTo(objectPath(id));
  }
  const { world } = emulator;
  const shown = presentObject(ctx, value, []);
  const shape_faults = findShapeFaults(shown);
  const events = world.all(ctx.scope, 'event').filter((event) => objectOf(event) === id);
  return renderConsole({
    title: id,
    facts: [
      ['Kind', value.object],
      ['Account', scopeName(ctx.scope)],
      ["Differences from Stripe's fields", shape_faults.length === 0 ? 'none' : shape_faults.join(', ')],
    ],
    actions: Object.entries(actions).map(([action, { label }]) => ({
      label,
      action: objectPath(id),
      fields: { action },
    })),
    tables: [
      {
        title: 'Events',
        columns: ['Id', 'Type', 'Created'],
        rows: events
          .toReversed()
          .slice(0, ROWS_MAX)
          .map((event) => [
            { text: event.id, href: objectPath(event.id) },
            textOf(event['type']),
            timeOf(event.created),
          ]),
        empty: 'The object has no events.',
      },
    ],
    detail: JSON.stringify(shown, undefined, 2),
  });
}

function objectCounts(emulator: Emulator): ConsoleTable {
  const rows = emulator.world
    .scopes()
    .flatMap((scope) =>
      Array.from(emulator.kinds.keys(), (kind) => ({ scope, kind, count: emulator.world.all(scope, kind).length })),
    );
  return {
    title: 'Objects',
    columns: ['Account', 'Kind', 'Number'],
    rows: rows
      .filter(({ count }) => count > 0)
      .map(({ scope, kind, count }) => {
        const query = new URLSearchParams({ kind, scope: scopeName(scope) });
        return [scopeName(scope), { text: kind, href: `/_emulator/objects?${query.toString()}` }, String(count)];
      }),
    empty: 'There are no objects yet.',
  };
}

function requests(emulator: Emulator): ConsoleTable {
  return {
    title: 'Requests',
    columns: ['Id', 'Time', 'Request', 'Account', 'Status', 'Faults'],
    rows: emulator.requests
      .toReversed()
      .slice(0, ROWS_MAX)
      .map(({ id, at, method, path, account, status, faults }) => [
        id,
        timeOf(at),
        `${method} ${path}`,
        account,
        status === null ? 'none' : String(status),
        faults.join(', '),
      ]),
    empty: 'No request was made yet.',
  };
}

function deliveries(attempts: readonly TriedDelivery[]): ConsoleTable {
  return {
    title: 'Deliveries',
    columns: ['Event', 'Type', 'Endpoint', 'Time', 'Attempt', 'Response'],
    rows: attempts
      .toReversed()
      .slice(0, ROWS_MAX)
      .map(({ event, type, url, at, attempt, status }) => [
        { text: event, href: objectPath(event) },
        type,
        url,
        timeOf(at),
        String(attempt),
        status === null ? 'none' : String(status),
      ]),
    empty: 'No event was delivered yet.',
  };
}

function waiting(emulator: Emulator): ConsoleTable {
  const rows = emulator.world.internal('_delivery') as DeliveryRow[]; // planDelivery keeps them
  return {
    title: 'Deliveries that wait',
    columns: ['Event', 'Endpoint', 'Attempts', 'Next attempt'],
    rows: rows
      .slice(0, ROWS_MAX)
      .map(({ event, endpoint, attempt, at_ms }) => [
        { text: event, href: objectPath(event) },
        endpoint,
        String(attempt),
        new Date(at_ms).toISOString(),
      ]),
    empty: 'No delivery waits.',
  };
}

function unbuilt(emulator: Emulator): ConsoleTable {
  return {
    title: 'Unsupported calls',
    columns: ['Call', 'Times'],
    rows: Array.from(emulator.unsupported, ([name, count]) => [name, String(count)]),
    empty: 'Every call so far is supported.',
  };
}

function objectPath(id: string): string {
  return `/_emulator/objects/${encodeURIComponent(id)}`;
}

function objectOf(event: StoredObject): unknown {
  const data = event['data'] as { object?: { id?: unknown } }; // emit
  return data.object?.id;
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function timeOf(second: unknown): string {
  return typeof second === 'number' ? new Date(second * 1000).toISOString() : '';
}
