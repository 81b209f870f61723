import assert from 'node:assert/strict';
import type { Static } from 'typebox';
import { formatMoney } from '#kernel/money';
import { accounts } from '#ledger';
import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { escapeHtml } from '#platform/templates/trusted-html';
import { findProfileSummaries, presentProfileSummary } from '#profiles';
import { type Adjustment } from '../adjustments/index.ts';
import type { CountedUses } from './bill-uses.ts';
import type { AdjustmentSchema } from './schemas.ts';

/** Presents adjustments with their payers, by one statement. */
export async function presentAdjustments(
  reader: Reader,
  adjustments: readonly Adjustment[],
): Promise<Static<typeof AdjustmentSchema>[]> {
  const summaries = await findProfileSummaries(
    reader,
    adjustments.map(({ profile_id }) => profile_id),
  );
  return adjustments.map(({ key, kind, profile_id, amount, unit, description, ...instants }) => {
    const profile = summaries.get(profile_id);
    assert(profile, 'the payer of an adjustment exists');
    return {
      key,
      kind,
      profile: presentProfileSummary(profile),
      amount,
      unit,
      description,
      created_at: instants.created_at.toISOString(),
      recorded_at: instants.recorded_at.toISOString(),
      reversed_at: instants.reversed_at?.toISOString() ?? null,
    };
  });
}

/** Presents counted uses with the members of their order in the ledger. Free uses have none and the amount 0. */
export async function presentUses(
  reader: Reader,
  payer_id: ProfileId,
  { provider_id, amount, unit, description, created_at }: CountedUses,
  lang?: string,
) {
  const summaries = await findProfileSummaries(reader, [payer_id, provider_id]);
  const summaryOf = (id: ProfileId) => {
    const summary = summaries.get(id);
    assert(summary, `profile ${id} of an order is missing`);
    return presentProfileSummary(summary);
  };
  return {
    created_at: created_at.toISOString(),
    description: escapeHtml(description),
    amount: formatMoney({ amount, unit }, lang),
    is_debit: false,
    orig_account: accounts.receivable,
    orig_profile: summaryOf(provider_id),
    orig_amount: amount,
    orig_unit: unit,
    dest_account: accounts.payable,
    dest_profile: summaryOf(payer_id),
    dest_amount: amount,
    dest_unit: unit,
  };
}
