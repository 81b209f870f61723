import { type Static, type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Context } from '../context.ts';
import type { JsonObject } from '../db/db-schema.ts';
import type { Tx } from '../db/database.ts';
import type { Part } from '../db/together.ts';
import { insertOutboxRow, outboxRows } from './outbox-store.ts';

/** A fact that a transaction records for its subscribers. Payloads carry ids and small facts. */
export interface Event<Payload extends object = object> {
  name: string;
  payload: Payload;
}

/** An event as a subscriber receives it. `id` is the same at every delivery: a subscriber uses it to deduplicate. */
export interface Delivery {
  id: number;
  name: string;
  payload: JsonObject;
  created_at: Date;
}

/** Receives events in batches. */
export interface Subscriber {
  name: string;
  /** Types of the events that it reads; the process does not start when no room defines one of them. */
  readonly event_types?: readonly AnyEventType[];
  wants(event: string): boolean;
  /**
   * Loads what these events need, in statements whose number does not depend on the number of events. When it rejects,
   * each event is prepared alone; one that still rejects is delivered again later.
   */
  prepare(ctx: Context, deliveries: readonly Delivery[]): Promise<PreparedEvents>;
}

/** Events of a batch that a subscriber has prepared. They are handled concurrently, a few at a time, in order. */
export interface PreparedEvents {
  /** Handles one of the events. An error is logged, and that event is delivered again later, by a further `prepare`. */
  handle(delivery: Delivery): Promise<void>;
  /** Releases what `prepare` reserved for an event that is not handled, because the process stops. */
  release?(delivery: Delivery): Promise<void>;
}

/** A kind of event: builds the event from its payload, and reads a stored payload back. */
export interface EventType<Payload extends object> {
  (payload: Payload): Event<Payload>;
  /** Permanent: stored in the outbox and sent to webhooks. */
  readonly event_name: string;
  readonly schema: TSchema;
  /**
   * Returns the typed payload of a delivery. Members that the schema does not name are kept.
   *
   * @throws Error that names the event and each member that does not fit the schema
   */
  parse(payload: JsonObject): Payload;
}

/** An event type of any payload, as rooms list them. */
export interface AnyEventType extends Omit<EventType<object>, never> {
  (payload: never): Event;
}

/**
 * Defines a kind of event. `schema` has a `description`: when the event is emitted; docs/reference/events.md prints it.
 *
 * A stored payload may be older than the program: a member that a later version adds is optional.
 */
export function defineEvent<Schema extends TSchema>(
  event_name: string,
  schema: Schema,
): EventType<Static<Schema> & object> {
  type Payload = Static<Schema> & object;
  const validator = Compile(schema);
  const build = (payload: Payload): Event<Payload> => ({ name: event_name, payload });
  const parse = (payload: JsonObject): Payload => {
    const value: unknown = payload;
    if (validator.Check(value) && typeof value === 'object' && value !== null) return value;
    const faults = validator.Errors(value).map(({ instancePath, message }) => `${instancePath || '/'} ${message}`);
    throw new Error(`the payload of ${event_name} does not fit its schema: ${faults.slice(0, 10).join('; ')}`);
  };
  return Object.assign(build, { event_name, schema, parse });
}

/** Schema of an id of a row: `idOf<PlanId>()`. */
export function idOf<Id extends number>() {
  return Type.Unsafe<Id>(Type.Integer({ minimum: 1 }));
}

/** Schema of an id or null. */
export function nullableIdOf<Id extends number>() {
  return Type.Unsafe<Id | null>(Type.Union([Type.Integer({ minimum: 1 }), Type.Null()]));
}

/** Writes an event in the transaction that caused it: it is delivered if, and only if, the transaction commits. */
export async function emit(tx: Tx, event: Event, at: Date): Promise<void> {
  await insertOutboxRow(tx, { name: event.name, payload: event.payload, created_at: at, due_at: at });
}

/** An event with the instant at which it happened. */
export interface Occurrence {
  event: Event;
  at: Date;
}

/** Part that writes several events of one transaction in the given order, in one insert. At least one. */
export function eventsPart(occurrences: readonly Occurrence[]): Part<void> {
  const rows = occurrences.map(({ event, at }) => ({
    name: event.name,
    payload: event.payload,
    created_at: at,
    due_at: at,
  }));
  return { query: outboxRows(rows), read: null };
}
