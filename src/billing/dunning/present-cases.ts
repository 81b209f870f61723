import assert from 'node:assert/strict';
import type { Static } from 'typebox';
import type { Reader } from '#platform/db/database';
import { planSummary } from '#catalog';
import { findProfileSummaries, presentProfileSummary, type ProfileSummary } from '#profiles';
import { findPlaceBalances, type PlaceBalance } from './case-balances.ts';
import type { DunningAttempt, DunningCase } from './dunning-case.ts';
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
  return (await loadCaseFacts(reader, cases)).map(({ dunning_case: each, attempts, due, profile, provider }) => ({
    state: each.state,
    profile: presentProfileSummary(profile),
    provider: presentProfileSummary(provider),
    balance: due?.amount ?? 0,
    unit: each.unit,
    created_at: each.began_at.toISOString(),
    attempts: attempts.map(({ created_at, amount, kind, code }) => ({
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
  }));
}

/** A case with what is due now, its attempts, oldest first, and its parties. */
export interface CaseFacts {
  dunning_case: DunningCase;
  attempts: readonly DunningAttempt[];
  /** Undefined if nothing is due, or the case is closed. */
  due: PlaceBalance | undefined;
  profile: ProfileSummary;
  provider: ProfileSummary;
}

/** Loads what is shown of cases. The number of statements does not depend on that of cases. */
export async function loadCaseFacts(reader: Reader, cases: readonly DunningCase[]): Promise<CaseFacts[]> {
  if (cases.length === 0) return [];
  const attempts = Map.groupBy(
    await findAttempts(
      reader,
      cases.map(({ id }) => id),
    ),
    ({ dunning_case_id }) => dunning_case_id,
  );
  const payers = cases.flatMap(({ closed_at, profile_id }) => (closed_at === null ? [profile_id] : []));
  const balances = payers.length === 0 ? [] : await findPlaceBalances(reader, [...new Set(payers)]);
  const summaries = await findProfileSummaries(
    reader,
    cases.flatMap(({ profile_id, provider_id }) => [profile_id, provider_id]),
  );
  const summaryOf = (id: DunningCase['profile_id']) => {
    const summary = summaries.get(id);
    assert(summary, 'the parties of a case exist');
    return summary;
  };
  return cases.map((each) => ({
    dunning_case: each,
    attempts: attempts.get(each.id) ?? [],
    due: each.closed_at === null ? balances.find((balance) => isSamePlace(balance, each)) : undefined,
    profile: summaryOf(each.profile_id),
    provider: summaryOf(each.provider_id),
  }));
}
