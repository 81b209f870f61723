import { findUserById } from '#accounts';
import { parseEmail } from '#kernel/email';
import { invalidInput } from '#kernel/problem';
import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { networkOf, type Throttle } from '#platform/security/throttle';
import { userContact } from './events.ts';
import { contactLimit } from './rate-limits.ts';

export interface Message {
  full_name: string;
  email: string;
  message?: string | undefined;
}

/**
 * Passes a message on to the operator, by mail. Who is signed in writes under her own name and address.
 *
 * @throws invalid_input (400) · too_many_requests (429)
 */
export async function sendMessage(ctx: Context, throttle: Throttle, input: Message): Promise<void> {
  const sender = ctx.actor.kind === 'user' ? await findUserById(ctx.db, ctx.actor.user_id) : undefined;
  const full_name = singleLine(sender?.full_name || input.full_name);
  const email = sender?.email ?? parseEmail(input.email);
  const errors: Record<string, string[]> = {};
  if (full_name === '') errors['full_name'] = ['This field may not be blank.'];
  if (email === null) errors['email'] = ['Enter an e-mail address.'];
  if (email === null || full_name === '') throw invalidInput(errors);
  await throttle.take(contactLimit, networkOf(ctx.peer?.ip));
  const payload = {
    user_id: sender?.id ?? null,
    full_name,
    email,
    message: input.message?.trim() ?? '',
    provider_id: ctx.site.broker_id,
  };
  await inTransaction(ctx.db, (tx) => emit(tx, userContact(payload), ctx.clock.now()));
}

/** A line end in a name could start another header of the mail. */
function singleLine(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is taken out here
  return text.replace(/[\u0000-\u001f\u007f]+/g, ' ').trim();
}
