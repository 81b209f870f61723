import { findCouponsByIds, findPlansByIds } from '#catalog';
import type { LedgerEntryId, ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { findProfilesByIds, profileName } from '#profiles';
import { type LineFacts, describeLine, type ReaderLocale } from '../quotes/index.ts';
import { findLinesOfEntries, type OrderLine } from '../records/index.ts';

/** Names of a line: `label` in documented texts of the ledger (`xia:basic`), `text` for the reader. */
export interface LineNames {
  label: string;
  text: string;
}

type NamedLine = Pick<
  OrderLine,
  | 'kind'
  | 'plan_id'
  | 'use_charge_id'
  | 'coupon_id'
  | 'beneficiary_id'
  | 'quantity'
  | 'periods_count'
  | 'period_type'
  | 'covers_to'
  | 'claim_email'
  | 'claim_full_name'
> & { payer_id: ProfileId };

/** Returns the names of order lines in the given order. One query each for plans, coupons and beneficiaries. */
export async function nameLines(
  reader: Reader,
  lines: readonly NamedLine[],
  reading: ReaderLocale = {},
): Promise<LineNames[]> {
  const [plans, coupons, profiles] = [
    await findPlansByIds(
      reader,
      lines.flatMap((line) => line.plan_id ?? []),
    ),
    await findCouponsByIds(
      reader,
      lines.flatMap((line) => line.coupon_id ?? []),
    ),
    await findProfilesByIds(
      reader,
      lines.flatMap((line) => line.beneficiary_id ?? []),
    ),
  ];
  return lines.map((line) => {
    const plan = line.plan_id === null ? undefined : plans.get(line.plan_id);
    const beneficiary = line.beneficiary_id === null ? undefined : profiles.get(line.beneficiary_id);
    const isForAnother = beneficiary?.is_active === true && beneficiary.id !== line.payer_id;
    const facts: LineFacts = {
      ...line,
      plan_title: plan?.title ?? '',
      use_title: plan?.use_charges.find(({ id }) => id === line.use_charge_id)?.title ?? null,
      discounts: null,
      coupon_code: (line.coupon_id === null ? undefined : coupons.get(line.coupon_id))?.code ?? null,
      beneficiary_name: isForAnother ? profileName(beneficiary) : line.claim_full_name || line.claim_email,
    };
    const slug = plan?.slug ?? '';
    return { label: beneficiary ? `${beneficiary.slug}:${slug}` : slug, text: describeLine(facts, reading) };
  });
}

/** Returns the texts for the reader of those ledger entries that belong to order lines. */
export async function findEntryTexts(
  reader: Reader,
  entry_ids: readonly LedgerEntryId[],
  reading: ReaderLocale,
): Promise<Map<LedgerEntryId, string>> {
  const lines = await findLinesOfEntries(reader, entry_ids);
  const names = await nameLines(reader, lines, reading);
  return new Map(lines.map((line, index) => [line.ledger_entry_id, names[index]?.text ?? '']));
}
