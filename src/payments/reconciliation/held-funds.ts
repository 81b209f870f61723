import { findFundsOwners } from '#ledger';
import type { ProfileId } from '#platform/db/db-schema';
import { findProfilesByIds } from '#profiles';
import type { PaymentContext, Processor } from '../processors/index.ts';
import { findPayoutAccount } from '../records/index.ts';
import type { Finding, FundsParties } from './finding.ts';

const PAGE = 500;

/**
 * Reports the Funds of providers that the broker holds: all of them if the processor charges on the broker's account
 * only, otherwise those of providers without an account.
 */
export async function walkHeldFunds(
  { db }: PaymentContext,
  { direct_charges }: Processor,
  { broker_id, processor_id }: FundsParties,
  report: (finding: Finding) => void,
): Promise<void> {
  let after: ProfileId | null = null;
  for (;;) {
    const owners = await findFundsOwners(db, after, PAGE);
    const last = owners.at(-1);
    if (!last) return;
    after = last.profile_id;
    const held = owners.filter(
      ({ profile_id, amount }) => amount !== 0 && profile_id !== broker_id && profile_id !== processor_id,
    );
    const profiles = await findProfilesByIds(db, [...new Set(held.map(({ profile_id }) => profile_id))]);
    for (const { profile_id, unit, amount: in_books } of held) {
      if (direct_charges && (await findPayoutAccount(db, profile_id))) continue;
      const object = profiles.get(profile_id)?.slug ?? String(profile_id);
      report({
        kind: 'held',
        object,
        charge: null,
        at: null,
        unit,
        at_processor: null,
        in_books,
        is_fixed: false,
      });
    }
  }
}
