import type { JsonObject } from './db-schema.ts';
import type { Tx } from './db.ts';

/** Something that happened, told to whoever listens. Payloads carry ids and small facts. */
export interface Event<Payload extends object = object> {
  name: string;
  payload: Payload;
}

/** Writes an event in the transaction that caused it: it is told if, and only if, the transaction commits. */
export async function emit(tx: Tx, event: Event, at: Date): Promise<void> {
  await insertOutboxRow(tx, event.name, event.payload, { created_at: at, due_at: at });
}

/** Names of rows that stand for jobs: the relay hands them to the queue when they fall due. */
export const JOB_PREFIX = 'job:';

export async function insertOutboxRow(
  tx: Tx,
  name: string,
  payload: object,
  when: { created_at: Date; due_at: Date },
): Promise<void> {
  await tx
    .insertInto('outbox_events')
    .values({
      name,
      payload: JSON.stringify(payload),
      created_at: when.created_at,
      next_attempt_at: when.due_at,
    })
    .execute();
}

/** An event as the relay hands it over. `id` is the same at every delivery: remember it to act once. */
export interface Delivery {
  id: number;
  name: string;
  payload: JsonObject;
  created_at: Date;
}
