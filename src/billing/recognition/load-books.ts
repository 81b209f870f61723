import { selectPlanNames } from '#catalog';
import {
  findConvertedPayments,
  findSubjectIncomes,
  isSameSubject,
  type LedgerSubject,
  lockSubjects,
  subjectText,
} from '#ledger';
import type { PlanId, ProfileId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { selectProfileNames } from '#profiles';
import { findSubscriptionsByIds } from '#subscriptions';
import { type Books, openBooks } from './books.ts';
import type { Coverage } from './coverage.ts';
import { sumRecognised } from './coverage-store.ts';
import { labelOf } from './recognition-text.ts';

/** Locks subjects and reads the amounts that their income is taken from. Locks: the subjects, as `lockSubjects`. */
export async function lockBooks(tx: Tx, subjects: readonly LedgerSubject[]): Promise<Books> {
  const distinct = [...new Map(subjects.map((subject) => [subjectText(subject), subject])).values()];
  await lockSubjects(tx, distinct);
  const incomes = await findSubjectIncomes(tx, distinct);
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

/** Returns how the ledger names coverages: subscriber and plan, or the use. Three statements for any number of them. */
export async function findLabels(
  reader: Reader,
  coverages: readonly Pick<Coverage, 'subject' | 'subscription_id' | 'plan_id'>[],
): Promise<(coverage: Pick<Coverage, 'subject' | 'subscription_id' | 'plan_id'>) => string> {
  const subscriptions = await findSubscriptionsByIds(
    reader,
    coverages.map(({ subscription_id }) => subscription_id),
  );
  const profiles = await slugsOf<ProfileId>(
    [...subscriptions.values()].map(({ profile_id }) => profile_id),
    (ids) =>
      reader
        .selectFrom(selectProfileNames(reader).as('profile'))
        .select(['id', 'slug'])
        .where('id', '=', (eb) => eb.fn.any(eb.val(ids)))
        .execute(),
  );
  const plans = await slugsOf<PlanId>(
    coverages.flatMap(({ plan_id }) => plan_id ?? []),
    (ids) =>
      reader
        .selectFrom(selectPlanNames(reader).as('plan'))
        .select(['id', 'slug'])
        .where('id', '=', (eb) => eb.fn.any(eb.val(ids)))
        .execute(),
  );
  return (coverage) => {
    const subscription = subscriptions.get(coverage.subscription_id);
    return labelOf(coverage, {
      subscriber: (subscription && profiles.get(subscription.profile_id)) ?? '',
      plan: (coverage.plan_id === null ? undefined : plans.get(coverage.plan_id)) ?? '',
    });
  };
}

async function slugsOf<Id>(
  ids: readonly Id[],
  find: (ids: Id[]) => Promise<{ id: Id; slug: string }[]>,
): Promise<Map<Id, string>> {
  if (ids.length === 0) return new Map();
  return new Map((await find([...new Set(ids)])).map(({ id, slug }) => [id, slug]));
}
