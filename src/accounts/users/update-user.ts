import { commonProblems, invalidInput } from '#kernel/problem';
import { singleLine } from '#kernel/text';
import type { Context } from '#platform/context';
import { inTransaction, type Tx } from '#platform/db/database';
import { requireUser } from '../actor.ts';
import { checkCode, checkFactors, type FactorRefusal } from '../credentials/check-factors.ts';
import { requireSecrets, secretRefusal } from '../credentials/require-secrets.ts';
import { lockStanding, refuseApiKey } from '../credentials/standing.ts';
import { accountsProblems, fieldProblem } from '../problems.ts';
import type { AccountsDeps } from '../hooks.ts';
import { addressLimit } from '../rate-limits.ts';
import { proveAddress, replaceAddress } from '../verifications/prove-address.ts';
import { sendCode } from '../verifications/send-verification.ts';
import { parseEmail } from '#kernel/email';
import { useVerification, useVerificationsOf } from '../verifications/verification-store.ts';
import { type AddressChange, type Channel, decideAddressChange, mayRemoveAddress } from './address-change.ts';
import { parsePhone } from './address.ts';
import { announceAddressChange } from './announce-address-change.ts';
import { emailTaken, phoneTaken } from './insert-user.ts';
import { isPhoneClaim, releasePhoneClaim } from './phone-claim.ts';
import { renameUser } from './rename-user.ts';
import { findUserByEmail, findUserById, findUserByPhone, updateUserRow } from './user-store.ts';
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
  /** Password of the caller, or a code of the TOTP factor: a change of address needs one of them. */
  password?: string | undefined;
  otp_code?: string | number | undefined;
}

export interface UserUpdate {
  user: User;
  /** Addresses that were sent a code: the present ones stay until it comes back. */
  awaiting: string[];
  /** Addresses that stay because the request gave no secret. */
  kept: Channel[];
}

/**
 * What a change of address without any secret does: `refuse` the request, or `keep` the present address and change the rest.
 * A documented PUT repeats the whole user and gives no secret.
 */
export type SecretlessChange = 'refuse' | 'keep';

/**
 * Changes the facts of the calling user. Fields left out keep their value.
 *
 * An address stays until the new one is proved: the first call gives a secret and sends a code to the new address, the
 * second repeats the address with the code. A request voids every outstanding key and code, and is announced to the
 * present address. A code for the present address verifies it.
 * @throws invalid_input (400) naming `slug`, `username`, `email` or `phone`; code_wrong (400), secret_required,
 * secret_wrong (401), api_key_refused, otp_locked (403), too_many_requests (429)
 */
export async function updateUser(
  ctx: Context,
  deps: AccountsDeps,
  { id }: Pick<User, 'id'>,
  asked: UserChangeInput,
  without_secret: SecretlessChange = 'refuse',
): Promise<UserUpdate> {
  const before = await findUserById(ctx.db, id);
  if (!before) throw commonProblems.not_found();
  const changes = readChanges(before, asked);
  if (changes.some((change) => decideAddressChange(change) !== null) || isRename(before, asked)) refuseApiKey(ctx);
  const guarded = changes.filter(needsSecret).map(({ channel }) => channel);
  const isSecretless = asked.password === undefined && asked.otp_code === undefined;
  const kept = isSecretless && without_secret === 'keep' ? guarded : [];
  const input = { ...asked, ...Object.fromEntries(kept.map((channel) => [channel, undefined])) };
  const isGuarded = guarded.length > kept.length;
  if (isGuarded) {
    await deps.settings.throttle.take(addressLimit, String(id));
    await requireSecrets(ctx, deps.settings, { password: input.password, otp_code: input.otp_code });
  }
  const outcome = await inTransaction(ctx.db, (tx) => save(ctx, tx, deps, id, input, { has_secret: isGuarded }));
  if ('wrong' in outcome) {
    throw fieldProblem(accountsProblems.code_wrong, { [outcome.wrong]: ['This code is wrong or no longer valid.'] });
  }
  if ('refusal' in outcome) throw secretRefusal(outcome.refusal, ctx.clock.now());
  for (const { channel, to } of outcome.requested)
    await sendCode(ctx, deps.settings, outcome.user, channel, 'verify', to);
  return { user: outcome.user, awaiting: outcome.requested.flatMap(({ to }) => (to === null ? [] : [to])), kept };
}

type Saved = { user: User; requested: AddressChange[] } | { wrong: string } | { refusal: FactorRefusal };

async function save(
  ctx: Context,
  tx: Tx,
  deps: AccountsDeps,
  id: User['id'],
  input: UserChangeInput,
  { has_secret }: { has_secret: boolean },
): Promise<Saved> {
  const at = ctx.clock.now();
  await lockStanding(tx, ctx, id);
  const user = await findUserById(tx, id);
  if (!user) throw commonProblems.not_found();
  const changes = readChanges(user, input);
  const having = (step: ReturnType<typeof decideAddressChange>) =>
    changes.filter((change) => decideAddressChange(change) === step);

  const confirmed = await confirmAddresses(ctx, tx, deps, user, having('confirm'), { ...input, has_secret });
  if (confirmed !== null) return confirmed;
  for (const { channel } of having('remove')) await removeAddress(tx, user, channel, at);
  const requested = having('request');
  for (const change of requested) await requestChange(tx, user, change, at);

  await updateUserRow(tx, user.id, {
    ...(input.full_name === undefined ? {} : { full_name: input.full_name }),
    ...(input.nick_name === undefined ? {} : { nick_name: input.nick_name }),
    ...(input.lang === undefined ? {} : { lang: input.lang }),
  });
  if (input.slug !== undefined) await renameUser(tx, deps.hooks, user, input.slug, at);
  return { user: (await findUserById(tx, user.id)) ?? user, requested };
}

/** The addresses of a request. @throws invalid_input (400) naming each field at fault */
function readChanges(user: User, input: UserChangeInput): AddressChange[] {
  const errors: Record<string, string[]> = {};
  if (input.full_name !== undefined && singleLine(input.full_name) === '') {
    errors['full_name'] = ['This field may not be blank.'];
  }
  const read = (channel: Channel, parse: (text: string) => string | null, message: string): AddressChange => {
    const from = user[channel];
    const text = input[channel];
    const code = input[`${channel}_code`];
    if (text === undefined) return { channel, from, to: from, code };
    if (text === null || text.trim() === '') {
      if (from !== null && !mayRemoveAddress(user, channel)) {
        errors[channel] = ['This address can be replaced, not removed.'];
      }
      return { channel, from, to: null, code };
    }
    const to = parse(text);
    if (to === null) errors[channel] = [message];
    return { channel, from, to: to === from?.toLowerCase() ? from : to, code };
  };
  const changes = [
    read('email', parseEmail, 'Enter an e-mail address.'),
    read('phone', parsePhone, 'Enter a phone number, with its country code.'),
  ];
  if (Object.keys(errors).length > 0) throw invalidInput(errors);
  return changes;
}

function needsSecret(change: AddressChange): boolean {
  const step = decideAddressChange(change);
  return step === 'request' || step === 'remove';
}

function isRename(user: User, { slug }: UserChangeInput): boolean {
  return slug !== undefined && slug !== user.username;
}

/** Checks the codes of a request and, when all are right, marks or replaces the addresses; null when that is done. */
async function confirmAddresses(
  ctx: Context,
  tx: Tx,
  { settings, hooks }: AccountsDeps,
  user: User,
  changes: readonly AddressChange[],
  given: { otp_code?: string | number | undefined; has_secret: boolean },
): Promise<{ wrong: string } | { refusal: FactorRefusal } | null> {
  if (changes.length === 0) return null;
  const at = ctx.clock.now();
  const proofs = [];
  for (const { channel, to, code } of changes) {
    const proof = await checkCode(tx, { user, channel, address: to }, code, at);
    if (proof === 'wrong') return { wrong: `${channel}_code` };
    if (proof) proofs.push(proof);
  }
  let otp = given.has_secret && user.otp_enabled;
  if (!otp && given.otp_code !== undefined) {
    const demands = { email: false, phone: false, is_first_factor: false };
    const verdict = await checkFactors(tx, settings, user, { otp_code: given.otp_code }, demands, at);
    if (verdict.kind !== 'complete') return { refusal: verdict };
    otp = verdict.proved.otp;
  }
  for (const { id } of proofs) await useVerification(tx, id, at);
  const has = (channel: Channel) => changes.some((change) => change.channel === channel);
  const { session_id } = requireUser(ctx);
  const proof = { proved: { email: has('email'), phone: has('phone'), otp }, session_id, knows_password: true };
  for (const { channel, from, to } of changes) {
    if (to === null) continue;
    if (to === from) {
      await proveAddress(tx, hooks, user, proof, at);
      continue;
    }
    await requireFreeAddress(tx, user, channel, to);
    if (channel === 'phone') await releasePhoneClaim(tx, to, at);
    await useVerificationsOf(tx, user.id, at);
    await replaceAddress(tx, hooks, user, { channel, address: to }, proof, at);
    await announceAddressChange(tx, user, { channel, to, is_done: true }, at);
  }
  return null;
}

async function requestChange(tx: Tx, user: User, { channel, to }: AddressChange, at: Date): Promise<void> {
  if (to === null) return;
  await requireFreeAddress(tx, user, channel, to);
  await useVerificationsOf(tx, user.id, at);
  await announceAddressChange(tx, user, { channel, to, is_done: false }, at);
}

async function removeAddress(tx: Tx, user: User, channel: Channel, at: Date): Promise<void> {
  await updateUserRow(
    tx,
    user.id,
    channel === 'email'
      ? { email: null, email_verification_required: false }
      : { phone: null, phone_verified_at: null, phone_verification_required: false },
  );
  await useVerificationsOf(tx, user.id, at);
  await announceAddressChange(tx, user, { channel, to: null, is_done: true }, at);
}

async function requireFreeAddress(tx: Tx, user: User, channel: Channel, address: string): Promise<void> {
  const holder = await (channel === 'email' ? findUserByEmail(tx, address) : findUserByPhone(tx, address));
  if (!holder || holder.id === user.id) return;
  if (channel === 'email') throw emailTaken();
  if (!isPhoneClaim(holder)) throw phoneTaken();
}
