import type { Context } from '../context.ts';
import type { JsonObject } from '../db/db-schema.ts';
import type { Tx } from '../db/database.ts';
import { insertOutboxRow } from './outbox-store.ts';

/** Something that happened, told to whoever listens. Payloads carry ids and small facts. */
export interface Event<Payload extends object = object> {
  name: string;
  payload: Payload;
}

/** An event as it is handed over. `id` is the same at every delivery: remember it to act once. */
export interface Delivery {
  id: number;
  name: string;
  payload: JsonObject;
  created_at: Date;
}

/** Somebody who listens. What it throws is logged and the event comes again later. */
export interface Subscriber {
  name: string;
  wants(event: string): boolean;
  handle(ctx: Context, delivery: Delivery): Promise<void>;
}

/** Writes an event in the transaction that caused it: it is told if, and only if, the transaction commits. */
export async function emit(tx: Tx, event: Event, at: Date): Promise<void> {
  await insertOutboxRow(tx, { name: event.name, payload: event.payload, created_at: at, due_at: at });
}
