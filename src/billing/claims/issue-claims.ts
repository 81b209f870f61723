import { findPlansByIds, type Plan } from '#catalog';
import { actorId } from '#platform/actor-id';
import type { Context, Terms } from '#platform/context';
import type { PlanId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { randomKey40, sha256Hex } from '#platform/security/crypto';
import { emit, type Event } from '#platform/jobs/events';
import { claimCodeGenerated } from '../events.ts';
import type { Order, OrderLine } from '../records/index.ts';
import { type Claim, codeExpiry } from './claim.ts';
import { findClaimLines, updateClaimCode } from './claim-store.ts';

/** Claim of a person without an account, before it is inserted. */
export interface NewClaim {
  row: Omit<Claim, 'id' | 'reminders_count'>;
  code: string;
  lines: readonly OrderLine[];
}

/** Makes one claim for each person without an account in an order. */
export function makeClaims(
  { terms }: Pick<Context, 'terms'>,
  order: Pick<Order, 'id' | 'profile_id'>,
  lines: readonly OrderLine[],
  at: Date,
): NewClaim[] {
  const byEmail = Map.groupBy(
    lines.filter(({ claim_email }) => claim_email !== null),
    emailKey,
  );
  return [...byEmail].map(([email, own_lines]) => {
    const code = randomKey40();
    const full_name = own_lines.find(({ claim_full_name }) => claim_full_name !== '')?.claim_full_name ?? '';
    const row = {
      order_id: order.id,
      profile_id: order.profile_id,
      email,
      full_name,
      created_at: at,
      revoked_at: null,
    };
    return { row: { ...row, ...newCode(code, at, terms) }, code, lines: own_lines };
  });
}

/** Returns how to find the claim of a line among the inserted claims of its order: null with a beneficiary. */
export function claimsByLine(claims: readonly Claim[]): (line: OrderLine) => Claim | null {
  const byEmail = new Map(claims.map((claim) => [claim.email, claim]));
  return (line) => (line.claim_email === null ? null : (byEmail.get(emailKey(line)) ?? null));
}

function emailKey({ claim_email }: OrderLine): string {
  return (claim_email ?? '').toLowerCase();
}

/** Replaces the code of a claim and emits `claim_code_generated`. The caller has locked the claim. */
export async function renewCode(ctx: Context, tx: Tx, claim: Claim, at: Date): Promise<void> {
  const code = randomKey40();
  await updateClaimCode(tx, claim.id, newCode(code, at, ctx.terms));
  const lines = await findClaimLines(tx, [claim.id]);
  const plans = await findPlansByIds(
    tx,
    lines.flatMap(({ plan_id }) => plan_id ?? []),
  );
  await emit(tx, buildCodeGenerated(ctx, claim, code, { lines, plans, originated_by: actorId(ctx) }), at);
}

function newCode(code: string, at: Date, terms: Terms): Pick<Claim, 'code_hash' | 'sent_at' | 'expires_at'> {
  return { code_hash: sha256Hex(code), sent_at: at, expires_at: codeExpiry(at, terms) };
}

/** Builds `claim_code_generated`. */
export function buildCodeGenerated(
  { terms }: Pick<Context, 'terms'>,
  claim: Claim,
  code: string,
  facts: {
    lines: readonly OrderLine[];
    plans: ReadonlyMap<PlanId, Plan>;
    originated_by: Order['created_by'];
  },
): Event {
  const ids = new Set(facts.lines.flatMap(({ plan_id }) => plan_id ?? []));
  const plans = [...facts.plans.values()].filter(({ id }) => ids.has(id));
  const providers = new Set(plans.map(({ profile_id }) => profile_id));
  return claimCodeGenerated({
    claim_id: claim.id,
    profile_id: claim.profile_id,
    provider_id: providers.size === 1 ? ([...providers][0] ?? null) : null,
    email: claim.email,
    full_name: claim.full_name,
    code,
    valid_days: terms.seat_code_days,
    is_paid: facts.lines.some(({ amount }) => amount > 0),
    plans: plans.map(({ title }) => title),
    originated_by: facts.originated_by,
  });
}
