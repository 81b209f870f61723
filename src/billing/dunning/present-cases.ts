import assert from 'node:assert/strict';
import type { Static } from 'typebox';
import type { Reader } from '#platform/db/database';
import { planSummary } from '#catalog';
import { findProfileSummaries, presentProfileSummary } from '#profiles';
import { findPlaceBalances } from './case-balances.ts';
import type { DunningCase } from './dunning-case.ts';
import { findAttempts, isSamePlace } from './dunning-store.ts';
import type { CaseSchema, ProviderCaseSchema } from './schemas.ts';

/** Presents cases to their payer, with what is due now. The number of statements does not depend on that of cases. */
export async function presentCases(
  reader: Reader,
  cases: readonly DunningCase[],
): Promise<Static<typeof CaseSchema>[]> {
  return (await presentAll(reader, cases)).map(({ profile: _, ...presented }) => presented);
}

/** Presents cases to their provider: with the payer. */
export async function presentProviderCases(
  reader: Reader,
  cases: readonly DunningCase[],
): Promise<Static<typeof ProviderCaseSchema>[]> {
  return presentAll(reader, cases);
}

async function presentAll(reader: Reader, cases: readonly DunningCase[]): Promise<Static<typeof ProviderCaseSchema>[]> {
  const attempts = Map.groupBy(
    await findAttempts(
      reader,
      cases.map(({ id }) => id),
    ),
    ({ dunning_case_id }) => dunning_case_id,
  );
  const open = cases.filter(({ closed_at }) => closed_at === null);
  const balances = await findPlaceBalances(reader, [...new Set(open.map(({ profile_id }) => profile_id))]);
  const summaries = await findProfileSummaries(
    reader,
    cases.flatMap(({ profile_id, provider_id }) => [profile_id, provider_id]),
  );
  const summaryOf = (id: DunningCase['profile_id']) => {
    const summary = summaries.get(id);
    assert(summary, 'the parties of a case exist');
    return presentProfileSummary(summary);
  };
  return cases.map((each) => {
    const due = each.closed_at === null ? balances.find((balance) => isSamePlace(balance, each)) : undefined;
    return {
      state: each.state,
      profile: summaryOf(each.profile_id),
      provider: summaryOf(each.provider_id),
      balance: due?.amount ?? 0,
      unit: each.unit,
      created_at: each.began_at.toISOString(),
      attempts: (attempts.get(each.id) ?? []).map(({ created_at, amount, kind, code }) => ({
        at: created_at.toISOString(),
        amount,
        kind,
        code,
      })),
      next_attempt_at: each.next_attempt_at?.toISOString() ?? null,
      ends_at: (each.closed_at ?? each.ends_at)?.toISOString() ?? null,
      subscriptions: (due?.subscriptions ?? []).map(({ subscription, plan }) => ({
        plan: planSummary(plan),
        ends_at: subscription.ends_at.toISOString(),
      })),
    };
  });
}
