import type { FastifyRequest } from 'fastify';
import { textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import { isKeyOfPreview, makePreviewKey, previewInstant } from '#platform/security/preview-key';
import { findProfileById, type Profile, profileName } from '#profiles';
import { type AccountView, accountView, refreshAccount } from '../payouts/index.ts';
import type { PaymentContext } from '../processors/index.ts';
import { findLastPayoutAccount } from '../records/index.ts';

/** How long the address that leads back from the processor is valid. */
const RETURN_LIFETIME_MS = 3_600_000;

/** The page asks the processor again after this time. */
const FRESH_MS = 60_000;

const STATE_LENGTH_MAX = 100;

/** State of the account of a provider for its page. `ended`: the access to its last account was denied. */
export interface ShownAccount {
  onboarding: AccountView | null;
  has_ended: boolean;
}

/**
 * Returns the pages to which the processor leads back. Their state binds them to the profile, the user and the session,
 * and is only a reason to ask the processor at once: what an account can do is read with a call.
 */
export function makeReturnPages({ ctx }: Pick<FastifyRequest, 'ctx'>, { id, slug }: Profile) {
  const state = makePreviewKey(ctx.clock.now(), factsOf(ctx, id));
  const url = (from: string) => `${ctx.origin}${paths.bank(slug)}?${new URLSearchParams({ from, state }).toString()}`;
  return { return_url: url('processor'), refresh_url: url('link') };
}

/** Returns how the processor led back: `link` from one that was used or is old; null for any other visit. */
export function readReturn({ ctx, query }: FastifyRequest, { id }: Profile): 'processor' | 'link' | null {
  const state = textField(query, 'state', STATE_LENGTH_MAX);
  const at = previewInstant(state);
  if (at === null || !isKeyOfPreview(state, at, factsOf(ctx, id))) return null;
  const age_ms = ctx.clock.now().getTime() - at.getTime();
  if (age_ms < 0 || age_ms > RETURN_LIFETIME_MS) return null;
  return textField(query, 'from', 20) === 'link' ? 'link' : 'processor';
}

function factsOf({ actor }: Pick<PaymentContext, 'actor'>, profile_id: Profile['id']) {
  const [user_id, session_id] = actor.kind === 'user' ? [actor.user_id, actor.session_id] : [null, null];
  return { of: 'onboarding', profile_id, user_id, session_id };
}

/**
 * Loads the state of the account of a provider; the processor is asked at most once a minute, or if it led back now.
 * Processors without pages to complete an account show none.
 * @throws processor_unreachable (503)
 */
export async function loadAccount(ctx: PaymentContext, profile: Profile, has_returned: boolean): Promise<ShownAccount> {
  const last = await findLastPayoutAccount(ctx.db, profile.id);
  if (!last) return { onboarding: null, has_ended: false };
  if (last.disconnected_at !== null) return { onboarding: null, has_ended: last.denied_at !== null };
  if (ctx.processors.getByName(last.processor).onboarding_origin === null)
    return { onboarding: null, has_ended: false };
  const isFresh = last.checked_at !== null && ctx.clock.now().getTime() - last.checked_at.getTime() < FRESH_MS;
  if (!isFresh || has_returned) await refreshAccount(ctx, last);
  const current = await findLastPayoutAccount(ctx.db, profile.id);
  if (!current || current.disconnected_at !== null) return { onboarding: null, has_ended: true };
  const broker = await findProfileById(ctx.db, ctx.site.broker_id);
  return { onboarding: accountView(current, broker ? profileName(broker) : ''), has_ended: false };
}
