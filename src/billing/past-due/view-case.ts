import { paths } from '#platform/http/paths';
import { accessEnd, type CaseFacts, type DunningCase } from '../dunning/index.ts';
import { describeFailure } from './failure-text.ts';
import type { CasePart, PastDueRow } from './page-types.ts';

/** Returns a case as its payer sees it, the newest attempt first. Pure. */
export function viewCase({ dunning_case: each, attempts, due, profile, provider }: CaseFacts, now: Date): CasePart {
  const last = attempts.at(-1);
  return {
    provider: provider.printable_name,
    state: stateOf(each),
    due: each.closed_at === null ? { amount: due?.amount ?? 0, unit: each.unit } : null,
    reason: last ? describeFailure(last) : '',
    plans: due?.subscriptions.map(({ plan }) => plan.title) ?? [],
    facts: each.closed_at === null ? openFacts(each, now) : [{ label: 'Closed on', at: each.closed_at.toISOString() }],
    confirm_url: each.closed_at === null && last?.kind === 'action' ? paths.balance(profile.slug) : null,
    attempts: attempts
      .map((attempt) => ({
        at: attempt.created_at.toISOString(),
        money: { amount: attempt.amount, unit: each.unit },
        text: describeFailure(attempt),
      }))
      .toReversed(),
  };
}

/** Returns a case as a row of its provider. Pure. */
export function viewPastDue({ dunning_case: each, attempts, due, profile }: CaseFacts): PastDueRow {
  const last = attempts.at(-1);
  const is_open = each.closed_at === null;
  // The payer of a gift is not a subscriber of the provider, which may not open its file.
  const is_subscriber = due?.subscriptions.some(({ subscription }) => subscription.profile_id === each.profile_id);
  return {
    customer: profile.printable_name,
    href: is_subscriber === true ? paths.profile(profile.slug) : null,
    state: stateOf(each),
    due: is_open ? { amount: due?.amount ?? 0, unit: each.unit } : null,
    plans: due?.subscriptions.map(({ plan }) => plan.title) ?? [],
    reason: last ? describeFailure(last) : '',
    attempts_count: each.attempts_count,
    next_attempt_at: each.next_attempt_at?.toISOString() ?? null,
    ends_at: (each.closed_at ?? each.ends_at)?.toISOString() ?? null,
    created_at: each.began_at.toISOString(),
  };
}

function stateOf({ state, closed_at, frozen_at }: DunningCase): CasePart['state'] {
  return closed_at === null && frozen_at !== null ? 'frozen' : state;
}

function openFacts(open: DunningCase, now: Date): CasePart['facts'] {
  const { next_attempt_at, ends_at, terms, state } = open;
  if (open.frozen_at !== null)
    return [{ label: 'Until the dispute is decided', value: 'Nothing is charged, and nothing ends.' }];
  const next =
    next_attempt_at === null
      ? { label: 'Next attempt', value: 'None. Pay now, or use another card.' }
      : { label: 'Next attempt', at: next_attempt_at.toISOString() };
  if (ends_at === null) return [next, accessFact(open, now)];
  const label = state !== 'suspended' && terms.end === 'suspend' ? 'Suspended unpaid on' : 'Ends unpaid on';
  return [next, accessFact(open, now), { label, at: ends_at.toISOString() }];
}

/** Returns until when the subscriptions can be used. */
function accessFact(open: DunningCase, now: Date): CasePart['facts'][number] {
  if (open.state === 'suspended') return { label: 'Access', value: 'Suspended until you pay' };
  const ends_at = accessEnd(open);
  if (ends_at !== null && ends_at <= now) return { label: 'Access', value: 'Stopped until you pay' };
  const until = ends_at ?? open.ends_at;
  return until ? { label: 'Access until', at: until.toISOString() } : { label: 'Access', value: 'Goes on' };
}
