import { commonProblems, invalidInput } from '#kernel/problem';
import type { Context } from '#platform/context';
import { inTransaction, type Tx } from '#platform/db';
import { emit } from '#platform/events';
import { checkCode } from '../credentials/check-factors.ts';
import { userEmailChanged } from '../events.ts';
import { accountsProblems, fieldProblem } from '../problems.ts';
import type { AccountsDeps } from '../hooks.ts';
import { addressLimit } from '../rate-limits.ts';
import type { AccountsSettings } from '../settings.ts';
import { sendCode } from '../verifications/send-verification.ts';
import { useVerification } from '../verifications/verification-store.ts';
import { parseEmail } from '#kernel/email';
import { parsePhone } from './address.ts';
import { emailTaken, phoneTaken } from './insert-user.ts';
import { renameUser } from './rename-user.ts';
import { findUserByEmail, findUserById, findUserByPhone, lockCredentials, updateUserRow } from './user-store.ts';
import type { User } from './user.ts';

export interface UserChangeInput {
  full_name?: string | undefined;
  nick_name?: string | undefined;
  lang?: string | undefined;
  slug?: string | undefined;
  email?: string | null | undefined;
  phone?: string | null | undefined;
  email_code?: string | number | undefined;
  phone_code?: string | number | undefined;
}

export interface UserUpdate {
  user: User;
  /** Addresses that were sent a code: the present ones stay until it comes back. */
  awaiting: string[];
}

/**
 * Changes what a user says about themselves. Fields left out keep their value.
 *
 * An address that was verified stays until the new one is proved: the first call sends a code to the new address, the
 * second repeats the address with the code. An address that was never verified is replaced at once.
 * @throws invalid_input (400) naming `slug`, `username`, `email` or `phone`; code_wrong (400), too_many_requests (429)
 */
export async function updateUser(
  ctx: Context,
  { settings, hooks }: AccountsDeps,
  { id }: Pick<User, 'id'>,
  input: UserChangeInput,
): Promise<UserUpdate> {
  const email = readAddress('email', input.email, parseEmail, 'Enter an e-mail address.');
  const phone = readAddress('phone', input.phone, parsePhone, 'Enter a phone number, with its country code.');
  const at = ctx.clock.now();

  const outcome = await inTransaction(ctx.db, async (tx) => {
    await lockCredentials(tx, id);
    const user = await findUserById(tx, id);
    if (!user) throw commonProblems.not_found();
    const mail = await changeAddress(ctx, tx, settings, user, { channel: 'email', to: email, code: input.email_code });
    if (mail === 'wrong') return { wrong: 'email_code' };
    const call = await changeAddress(ctx, tx, settings, user, { channel: 'phone', to: phone, code: input.phone_code });
    if (call === 'wrong') return { wrong: 'phone_code' };

    await updateUserRow(tx, user.id, {
      ...(input.full_name === undefined ? {} : { full_name: input.full_name }),
      ...(input.nick_name === undefined ? {} : { nick_name: input.nick_name }),
      ...(input.lang === undefined ? {} : { lang: input.lang }),
    });
    if (input.slug !== undefined) await renameUser(tx, hooks, user, input.slug, at);
    const updated = await findUserById(tx, user.id);
    return { user: updated ?? user, awaiting: [mail, call].flatMap((one) => (one === 'done' ? [] : [one.awaiting])) };
  });
  if ('wrong' in outcome) {
    throw fieldProblem(accountsProblems.code_wrong, { [outcome.wrong]: ['This code is wrong or no longer valid.'] });
  }
  return outcome;
}

function readAddress(
  field: 'email' | 'phone',
  text: string | null | undefined,
  parse: (text: string) => string | null,
  message: string,
): string | null | undefined {
  if (text === undefined || text === null || text.trim() === '') return text === undefined ? undefined : null;
  const address = parse(text);
  if (address === null) throw invalidInput({ [field]: [message] });
  return address;
}

interface AddressChange {
  channel: 'email' | 'phone';
  /** Undefined keeps the address, null takes it away. */
  to: string | null | undefined;
  code: string | number | undefined;
}

type AddressOutcome = 'done' | 'wrong' | { awaiting: string };

async function changeAddress(
  ctx: Context,
  tx: Tx,
  settings: AccountsSettings,
  user: User,
  { channel, to, code }: AddressChange,
): Promise<AddressOutcome> {
  const at = ctx.clock.now();
  const from = channel === 'email' ? user.email : user.phone;
  const wasVerified = (channel === 'email' ? user.email_verified_at : user.phone_verified_at) !== null;
  const target = to === undefined ? from : to;
  const isSame = target === from;

  if (!isSame && target !== null) {
    await settings.throttle.take(addressLimit, String(user.id));
    await requireFreeAddress(tx, user, channel, target);
  }
  const proof = code === undefined ? null : await checkCode(tx, target, code, at);
  if (proof === 'wrong') return 'wrong';
  if (proof) await useVerification(tx, proof.id, at);
  if (isSame && !proof) return 'done';

  const isLoss = target === null && wasVerified;
  if (isLoss) throw invalidInput({ [channel]: ['A verified address can be replaced, not removed.'] });
  if (!isSame && wasVerified && !proof && target !== null) {
    await sendCode(ctx, tx, settings, user, channel, 'verify', target);
    await tellOldAddress(tx, user, channel, { to: target, is_verified: false }, at);
    return { awaiting: target };
  }
  const verified_at = proof ? at : null;
  await updateUserRow(
    tx,
    user.id,
    channel === 'email'
      ? { email: target, email_verified_at: verified_at }
      : { phone: target, phone_verified_at: verified_at },
  );
  if (!isSame && target !== null)
    await tellOldAddress(tx, user, channel, { to: target, is_verified: proof !== null }, at);
  return 'done';
}

async function requireFreeAddress(tx: Tx, user: User, channel: 'email' | 'phone', address: string): Promise<void> {
  const holder = await (channel === 'email' ? findUserByEmail(tx, address) : findUserByPhone(tx, address));
  if (holder && holder.id !== user.id) throw channel === 'email' ? emailTaken() : phoneTaken();
}

async function tellOldAddress(
  tx: Tx,
  user: User,
  channel: 'email' | 'phone',
  { to, is_verified }: { to: string; is_verified: boolean },
  at: Date,
): Promise<void> {
  if (channel !== 'email' || user.email === null) return;
  await emit(tx, userEmailChanged({ user_id: user.id, from: user.email, to, is_verified }), at);
}
