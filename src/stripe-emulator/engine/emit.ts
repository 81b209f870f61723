import type { Context } from './context.ts';
import { presentObject } from './present.ts';
import { HIDDEN, type Scope, type StoredObject } from './stored-object.ts';
import type { World } from './world.ts';

export const API_VERSION = '2026-10-28.endive';

/** An event as stored; `$` counts the deliveries that were not yet successful. */
export interface StoredEvent extends StoredObject {
  readonly type: string;
  readonly created: number;
  readonly livemode: boolean;
  readonly account?: string;
  readonly data: { readonly object: Record<string, unknown>; readonly previous_attributes?: Record<string, unknown> };
  readonly pending_webhooks: number;
}

/**
 * Records that an object changed. `previous` are the earlier values of the fields that changed.
 *
 * The object is stored as it is now. Deliveries follow after the call is answered.
 */
export function emit(ctx: Context, type: string, value: StoredObject, previous?: Record<string, unknown>): void {
  const { world, scope } = ctx;
  const endpoints = endpointsFor(ctx, type);
  const event: StoredEvent = {
    id: world.nextId('evt', scope),
    object: 'event',
    ...(scope.account === '' ? {} : { account: scope.account }),
    api_version: API_VERSION,
    created: world.now,
    data: { object: presentObject(ctx, value, []), ...(previous ? { previous_attributes: previous } : {}) },
    livemode: scope.livemode,
    pending_webhooks: endpoints.length,
    request: { id: ctx.request?.id ?? null, idempotency_key: ctx.request?.idempotency_key ?? null },
    type,
  };
  world.insert(scope, event);
  for (const endpoint of endpoints) planDelivery(world, event.id, endpoint.id, world.time_ms);
}

/** One delivery of an event to an endpoint that is still to be made. */
export interface DeliveryRow extends StoredObject {
  readonly event: string;
  readonly endpoint: string;
  readonly attempt: number;
  readonly at_ms: number;
  readonly order: number;
}

export function planDelivery(world: World, event: string, endpoint: string, at_ms: number): void {
  const order = world.nextCount('_delivery');
  const id = `_delivery:${order}`;
  const row: DeliveryRow = { id, object: '_delivery', event, endpoint, attempt: 0, at_ms, order };
  world.keep(row);
}

/** The endpoints of the platform that want a type; events of connected accounts go to those with `connect`. */
function endpointsFor({ world, scope }: Context, type: string): StoredObject[] {
  return world.all({ account: '', livemode: scope.livemode }, 'webhook_endpoint').filter((endpoint) => {
    if (endpoint['status'] !== 'enabled') return false;
    const { is_connect } = (endpoint[HIDDEN] ?? {}) as { is_connect?: boolean }; // webhook-endpoints.ts writes it
    const types = endpoint['enabled_events'];
    return (
      (is_connect ?? false) === (scope.account !== '') &&
      Array.isArray(types) &&
      (types.includes('*') || types.includes(type))
    );
  });
}

/** Returns the same context in another account, such as the platform's of an application fee. */
export function inScope<T extends Context>(ctx: T, scope: Scope): T {
  return { ...ctx, scope };
}
