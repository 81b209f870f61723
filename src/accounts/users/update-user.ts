import { commonProblems, invalidInput } from '#kernel/problem';
import { singleLine } from '#kernel/text';
import type { Context } from '#platform/context';
import { inTransaction, type Tx } from '#platform/db/database';
import {
  type AddressChange,
  type AddressInput,
  type Channel,
  confirmAddresses,
  decideAddressChange,
  needsSecret,
  readAddressChanges,
  removeAddress,
  requestAddressChange,
} from '../address-changes/index.ts';
import { type FactorRefusal, requireSecrets, secretProblem } from '../factors/index.ts';
import type { AccountsDeps } from '../hooks.ts';
import { findUserById, renameUser, updateUserRow, type User } from '../identity/index.ts';
import { requireNoApiKey } from '../actor.ts';
import { accountsProblems, fieldProblem } from '../problems.ts';
import { addressLimit } from '../rate-limits.ts';
import { lockUserForChange } from '../sessions/index.ts';
import { sendCode } from '../verifications/index.ts';

export interface UserChangeInput extends AddressInput {
  full_name?: string | undefined;
  nick_name?: string | undefined;
  lang?: string | undefined;
  slug?: string | undefined;
  /** Password of the caller. A change of address requires it or a code of the TOTP factor. */
  password?: string | undefined;
  otp_code?: string | number | undefined;
}

export interface UserUpdate {
  user: User;
  /** New addresses that a code was sent to. The present ones stay until the code is entered. */
  awaiting: string[];
  /** Channels whose address stays because the request gave no secret. */
  kept: Channel[];
}

/**
 * Effect of a change of address without a secret: `refuse` the request, or `keep` the present address and change the
 * rest. PUT uses `keep`, since its clients repeat the whole user without a secret.
 */
export type SecretlessChange = 'refuse' | 'keep';

/**
 * Updates the calling user. Omitted fields keep their value.
 *
 * An address changes in two calls: the first gives a secret and sends a code to the new address, the second repeats the
 * address with the code. The first voids every outstanding key and code and sends a notice to the present address. A
 * code for the present address verifies it.
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
  if (changes.some((change) => decideAddressChange(change) !== null) || isRename(before, asked)) requireNoApiKey(ctx);
  const guarded = changes.filter(needsSecret).map(({ channel }) => channel);
  const isSecretless = asked.password === undefined && asked.otp_code === undefined;
  const kept = isSecretless && without_secret === 'keep' ? guarded : [];
  const input = { ...asked, ...Object.fromEntries(kept.map((channel) => [channel, undefined])) };
  const isGuarded = guarded.length > kept.length;
  if (isGuarded) {
    await deps.settings.throttle.take(addressLimit, String(id));
    await requireSecrets(ctx, deps.settings, { password: input.password, otp_code: input.otp_code });
  }
  const outcome = await inTransaction(ctx.db, (tx) =>
    saveUserChange(ctx, tx, deps, id, input, { has_secret: isGuarded }),
  );
  if ('wrong' in outcome) {
    throw fieldProblem(accountsProblems.code_wrong, { [outcome.wrong]: ['This code is wrong or no longer valid.'] });
  }
  if ('refusal' in outcome) throw secretProblem(outcome.refusal, ctx.clock.now());
  for (const { channel, to } of outcome.requested)
    await sendCode(ctx, deps.settings, outcome.user, channel, 'verify', to);
  return { user: outcome.user, awaiting: outcome.requested.flatMap(({ to }) => (to === null ? [] : [to])), kept };
}

type SaveOutcome = { user: User; requested: AddressChange[] } | { wrong: string } | { refusal: FactorRefusal };

async function saveUserChange(
  ctx: Context,
  tx: Tx,
  deps: AccountsDeps,
  id: User['id'],
  input: UserChangeInput,
  { has_secret }: { has_secret: boolean },
): Promise<SaveOutcome> {
  const at = ctx.clock.now();
  await lockUserForChange(tx, ctx, id);
  const user = await findUserById(tx, id);
  if (!user) throw commonProblems.not_found();
  const changes = readChanges(user, input);
  const findByStep = (step: ReturnType<typeof decideAddressChange>) =>
    changes.filter((change) => decideAddressChange(change) === step);

  const confirmed = await confirmAddresses(ctx, tx, deps, user, findByStep('confirm'), { ...input, has_secret });
  if (confirmed !== null) return confirmed;
  for (const { channel } of findByStep('remove')) await removeAddress(tx, user, channel, at);
  const requested = findByStep('request');
  for (const change of requested) await requestAddressChange(tx, user, change, at);

  await updateUserRow(tx, user.id, {
    ...(input.full_name === undefined ? {} : { full_name: input.full_name }),
    ...(input.nick_name === undefined ? {} : { nick_name: input.nick_name }),
    ...(input.lang === undefined ? {} : { lang: input.lang }),
  });
  if (input.slug !== undefined) await renameUser(tx, deps.hooks, user, input.slug, at);
  return { user: (await findUserById(tx, user.id)) ?? user, requested };
}

/** Parses the addresses of a request. @throws invalid_input (400) naming each invalid field */
function readChanges(user: User, input: UserChangeInput): AddressChange[] {
  const { changes, errors: address_errors } = readAddressChanges(user, input);
  const is_blank = input.full_name !== undefined && singleLine(input.full_name) === '';
  const errors = { ...(is_blank ? { full_name: ['This field may not be blank.'] } : {}), ...address_errors };
  if (Object.keys(errors).length > 0) throw invalidInput(errors);
  return changes;
}

function isRename(user: User, { slug }: UserChangeInput): boolean {
  return slug !== undefined && slug !== user.username;
}
