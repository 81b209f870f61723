import { selectPlanNames } from '#catalog';
import {
  findConvertedPayments,
  findSubjectIncomes,
  isSameSubject,
  type LedgerSubject,
  lockSubjects,
  subjectText,
} from '#ledger';
import type { PlanId, ProfileId, SubscriptionId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { mergeReads } from '#platform/db/merge-reads';
import { selectProfileNames } from '#profiles';
import { findSubscriptionsByIds } from '#subscriptions';
import { type Books, openBooks } from './books.ts';
import type { Coverage } from './coverage.ts';
import { sumRecognised } from './coverage-store.ts';
import { labelOf } from './recognition-text.ts';

type Labelled = Pick<Coverage, 'subject' | 'subscription_id' | 'plan_id'>;

/** Slugs by which the ledger names coverages. */
export interface CoverageNames {
  /** Subscribers, by subscription. */
  subscribers: ReadonlyMap<SubscriptionId, string>;
  plans: ReadonlyMap<PlanId, string>;
}

/** Reads how the ledger names coverages, in two statements for any number of them. */
export async function loadNames(
  reader: Reader,
  coverages: readonly Pick<Coverage, 'subscription_id' | 'plan_id'>[],
): Promise<CoverageNames> {
  const [subscribers, plans] = await mergeReads(reader, [
    (together) => findSubscriberSlugs(together, coverages),
    (together) => findPlanSlugs(together, coverages),
  ]);
  return { subscribers, plans };
}

/**
 * Locks subjects, then reads the amounts that their income is taken from, and how the ledger names coverages:
 * subscriber and plan, or the use. The number of statements does not depend on the number of subjects and coverages.
 * `names` were read before for many transactions, and are read again for a coverage that they lack.
 *
 * Locks: the subjects, as `lockSubjects`.
 */
export async function lockBooks(
  tx: Tx,
  subjects: readonly LedgerSubject[],
  coverages: readonly Labelled[] = [],
  names: CoverageNames = { subscribers: new Map(), plans: new Map() },
): Promise<{ books: Books; nameOf: (coverage: Labelled) => string }> {
  const distinct = [...new Map(subjects.map((subject) => [subjectText(subject), subject])).values()];
  const hasAll = coverages.every(
    ({ subscription_id, plan_id }) =>
      names.subscribers.has(subscription_id) && (plan_id === null || names.plans.has(plan_id)),
  );
  await lockSubjects(tx, distinct);
  const [incomes, found] = await mergeReads(tx, [
    (together) => findSubjectIncomes(together, distinct),
    (together) => (hasAll ? Promise.resolve(names) : loadNames(together, coverages)),
  ]);
  const nameOf = (coverage: Labelled) =>
    labelOf(coverage, {
      subscriber: found.subscribers.get(coverage.subscription_id) ?? '',
      plan: (coverage.plan_id === null ? undefined : found.plans.get(coverage.plan_id)) ?? '',
    });
  return { books: await openedBooks(tx, incomes), nameOf };
}

async function openedBooks(tx: Tx, incomes: Awaited<ReturnType<typeof findSubjectIncomes>>): Promise<Books> {
  const converted = incomes.filter(({ is_converted }) => is_converted).map(({ subject }) => subject);
  if (converted.length === 0) return openBooks(incomes);
  const [payments, recognised] = [await findConvertedPayments(tx, converted), await sumRecognised(tx, converted)];
  return openBooks(
    incomes,
    payments.map((payment) => {
      const isSame = (each: { subject: LedgerSubject; unit: string }) =>
        each.unit === payment.unit && isSameSubject(each.subject, payment.subject);
      // What was recognised in the unit of the order and is no income in that unit came from this payment.
      const earned = (recognised.find(isSame)?.amount ?? 0) - (incomes.find(isSame)?.income ?? 0);
      return { ...payment, earned: Math.min(payment.paid, Math.max(0, earned)) };
    }),
  );
}

async function findSubscriberSlugs(
  reader: Reader,
  coverages: readonly Pick<Coverage, 'subscription_id'>[],
): Promise<Map<SubscriptionId, string>> {
  const subscriptions = await findSubscriptionsByIds(
    reader,
    coverages.map(({ subscription_id }) => subscription_id),
  );
  const slugs = await slugsOf<ProfileId>(
    [...subscriptions.values()].map(({ profile_id }) => profile_id),
    (ids) =>
      reader
        .selectFrom(selectProfileNames(reader).as('profile'))
        .select(['id', 'slug'])
        .where('id', '=', (eb) => eb.fn.any(eb.val(ids)))
        .execute(),
  );
  return new Map([...subscriptions.values()].map(({ id, profile_id }) => [id, slugs.get(profile_id) ?? '']));
}

async function findPlanSlugs(
  reader: Reader,
  coverages: readonly Pick<Coverage, 'plan_id'>[],
): Promise<Map<PlanId, string>> {
  return slugsOf<PlanId>(
    coverages.flatMap(({ plan_id }) => plan_id ?? []),
    (ids) =>
      reader
        .selectFrom(selectPlanNames(reader).as('plan'))
        .select(['id', 'slug'])
        .where('id', '=', (eb) => eb.fn.any(eb.val(ids)))
        .execute(),
  );
}

async function slugsOf<Id>(
  ids: readonly Id[],
  find: (ids: Id[]) => Promise<{ id: Id; slug: string }[]>,
): Promise<Map<Id, string>> {
  if (ids.length === 0) return new Map();
  return new Map((await find([...new Set(ids)])).map(({ id, slug }) => [id, slug]));
}
