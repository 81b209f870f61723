import { type Coupon, couponsById, type Plan, plansById } from '#catalog';
import type { CouponId, LedgerEntryId, PlanId, ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { runTogether } from '#platform/db/together';
import { type Profile, profileName, profilesById } from '#profiles';
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

/** Facts that name lines, by id. */
export interface NamingFacts {
  plans: ReadonlyMap<PlanId, Plan>;
  coupons: ReadonlyMap<CouponId, Coupon>;
  /** At least the beneficiaries. */
  parties: ReadonlyMap<ProfileId, Profile>;
}

/** Returns the names of order lines in the given order. Pure. */
export function nameLines(
  lines: readonly NamedLine[],
  { plans, coupons, parties }: NamingFacts,
  reading: ReaderLocale = {},
): LineNames[] {
  return lines.map((line) => {
    const plan = line.plan_id === null ? undefined : plans.get(line.plan_id);
    const beneficiary = line.beneficiary_id === null ? undefined : parties.get(line.beneficiary_id);
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

/** Returns the parts that load the facts of lines. */
function namingParts(lines: readonly Pick<NamedLine, 'plan_id' | 'coupon_id' | 'beneficiary_id'>[]) {
  const coupon_ids = lines.flatMap(({ coupon_id }) => coupon_id ?? []);
  return {
    plans: plansById(lines.flatMap(({ plan_id }) => plan_id ?? [])),
    coupons: coupon_ids.length === 0 ? null : couponsById(coupon_ids),
    parties: profilesById(lines.flatMap(({ beneficiary_id }) => beneficiary_id ?? [])),
  };
}

/** Returns the texts for the reader of order lines, in the given order. */
export async function describeOrderLines(reader: Reader, lines: readonly NamedLine[]): Promise<string[]> {
  if (lines.length === 0) return [];
  const { coupons = new Map(), ...facts } = await runTogether(reader, namingParts(lines));
  return nameLines(lines, { coupons, ...facts }).map(({ text }) => text);
}

/** Returns the texts for the reader of those ledger entries that belong to order lines. */
export async function findEntryTexts(
  reader: Reader,
  entry_ids: readonly LedgerEntryId[],
  reading: ReaderLocale,
): Promise<Map<LedgerEntryId, string>> {
  return nameEntries(reader, await findLinesOfEntries(reader, entry_ids), reading);
}

/** As `findEntryTexts`, for lines that are already read (`findLinesOfEntries`). */
export async function nameEntries(
  reader: Reader,
  lines: Awaited<ReturnType<typeof findLinesOfEntries>>,
  reading: ReaderLocale,
): Promise<Map<LedgerEntryId, string>> {
  if (lines.length === 0) return new Map();
  const { coupons = new Map(), ...facts } = await runTogether(reader, namingParts(lines));
  const names = nameLines(lines, { coupons, ...facts }, reading);
  return new Map(lines.map((line, index) => [line.ledger_entry_id, names[index]?.text ?? '']));
}
