import { findPlansByIds } from '#catalog';
import { randomKey40, sha256Hex } from '#platform/security/crypto';
import { emit } from '#platform/jobs/events';
import type { Tx } from '#platform/db/database';
import { claimCodeGenerated } from '../events.ts';
import type { Order, OrderLine } from '../records/index.ts';
import { type Claim, CODE_VALID_MS } from './claim.ts';
import { findClaimLines, insertClaim, updateClaimOfLines, updateClaimCode } from './claim-store.ts';

/** Inserts one claim for each person without an account in an order, and emits `claim_code_generated` for each. */
export async function issueClaims(tx: Tx, order: Order, lines: readonly OrderLine[], at: Date): Promise<void> {
  const byEmail = Map.groupBy(
    lines.filter(({ claim_email }) => claim_email !== null),
    ({ claim_email }) => (claim_email ?? '').toLowerCase(),
  );
  for (const [email, own_lines] of byEmail) {
    const code = randomKey40();
    const full_name = own_lines.find(({ claim_full_name }) => claim_full_name !== '')?.claim_full_name ?? '';
    const claim = await insertClaim(tx, {
      order_id: order.id,
      profile_id: order.profile_id,
      email,
      full_name,
      created_at: at,
      ...newCode(code, at),
    });
    await updateClaimOfLines(
      tx,
      own_lines.map(({ id }) => id),
      claim.id,
    );
    await emitCode(tx, claim, code, { lines: own_lines, originated_by: order.created_by, at });
  }
}

/** Replaces the code of a claim and emits `claim_code_generated`. The caller has locked the claim. */
export async function renewCode(tx: Tx, claim: Claim, originated_by: Order['created_by'], at: Date): Promise<void> {
  const code = randomKey40();
  await updateClaimCode(tx, claim.id, newCode(code, at));
  await emitCode(tx, claim, code, { lines: await findClaimLines(tx, [claim.id]), originated_by, at });
}

function newCode(code: string, at: Date): Pick<Claim, 'code_hash' | 'sent_at' | 'expires_at'> {
  return { code_hash: sha256Hex(code), sent_at: at, expires_at: new Date(at.getTime() + CODE_VALID_MS) };
}

async function emitCode(
  tx: Tx,
  claim: Claim,
  code: string,
  facts: { lines: readonly OrderLine[]; originated_by: Order['created_by']; at: Date },
): Promise<void> {
  const ids = new Set(facts.lines.flatMap(({ plan_id }) => plan_id ?? []));
  const plans = await findPlansByIds(tx, [...ids]);
  const providers = new Set([...plans.values()].map(({ profile_id }) => profile_id));
  await emit(
    tx,
    claimCodeGenerated({
      claim_id: claim.id,
      profile_id: claim.profile_id,
      provider_id: providers.size === 1 ? ([...providers][0] ?? null) : null,
      email: claim.email,
      full_name: claim.full_name,
      code,
      is_paid: facts.lines.some(({ amount }) => amount > 0),
      plans: [...plans.values()].map(({ title }) => title),
      originated_by: facts.originated_by,
    }),
    facts.at,
  );
}
