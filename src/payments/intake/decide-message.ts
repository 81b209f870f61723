import { invalidInput } from '#kernel/problem';
import { actorId } from '#platform/actor-id';
import type { Context } from '#platform/context';
import { inTransaction, type Reader } from '#platform/db/database';
import { paymentsProblems } from '../problems.ts';
import { dismissMessage, findMessage, type ParkedMessage, releaseMessage } from './parked-message-store.ts';

/** Characters of the reason why a message is ignored. */
export const REASON_LENGTH_MAX = 2000;

/**
 * Returns a parked message.
 *
 * @throws message_unknown (404), message_not_parked (409)
 */
export async function getParkedMessage(reader: Reader, event_key: string): Promise<ParkedMessage> {
  const message = await findMessage(reader, event_key);
  if (!message) throw paymentsProblems.message_unknown();
  if (message.state !== 'parked') throw paymentsProblems.message_not_parked();
  return message;
}

/**
 * Makes a parked message due again and records who did so. Its handler then has as many attempts as at first.
 *
 * @throws message_unknown (404), message_not_parked (409)
 */
export async function retryMessage(ctx: Context, event_key: string): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    const decision = { by: actorId(ctx), at: ctx.clock.now() };
    if (!(await releaseMessage(tx, event_key, decision))) await refuse(tx, event_key);
  });
}

/**
 * Closes a parked message without an effect, with the reason of the person who decides so.
 *
 * @throws message_unknown (404), message_not_parked (409) · invalid_input (400) naming `reason`
 */
export async function ignoreMessage(ctx: Context, event_key: string, reason: string): Promise<void> {
  const given = reason.trim();
  if (given === '') throw invalidInput({ reason: ['This field may not be blank.'] });
  await inTransaction(ctx.db, async (tx) => {
    const decision = { by: actorId(ctx), at: ctx.clock.now(), reason: given };
    if (!(await dismissMessage(tx, event_key, decision))) await refuse(tx, event_key);
  });
}

/** Throws the reason why no row was changed. */
async function refuse(reader: Reader, event_key: string): Promise<never> {
  throw (await findMessage(reader, event_key))
    ? paymentsProblems.message_not_parked()
    : paymentsProblems.message_unknown();
}
