import type { CallerFacts, Facts, SubscriptionFact } from '../src/gateway/rules/facts.ts';
import { type Denial, operators } from '../src/gateway/rules/operators.ts';
import type { RuleParams } from '../src/gateway/rules/rule-params.ts';

/** Facts of the callers of docs/reference/rules.md: the operators decide whether a caller passes. */
export interface SampleCaller {
  readonly title: string;
  /** Numbers of the operators for which this caller differs from the others; all when omitted. */
  readonly concerns?: readonly number[];
  readonly facts: Partial<Facts>;
}

const now = new Date('2026-03-01T12:00:00Z');
const later = new Date('2026-04-01T12:00:00Z');
const earlier = new Date('2026-02-01T12:00:00Z');

function caller(roles: readonly [string, string][], more: Partial<CallerFacts> = {}): CallerFacts {
  return {
    username: 'sam',
    has_password: true,
    is_factor_missing: false,
    roles: roles.map(([profile, role]) => ({ profile, role })),
    subscriptions: [],
    ...more,
  };
}

const subscription = (more: Partial<SubscriptionFact>): SubscriptionFact => ({
  profile: 'acme',
  plan: 'premium',
  ends_at: later,
  is_locked: false,
  ...more,
});
const former = { profile: { slug: 'acme', providers: [{ slug: 'prov', is_active: false }] } };
const member: readonly [string, string][] = [['acme', 'contributor']];

const sampleCallers: readonly SampleCaller[] = [
  { title: 'visitor (not signed in)', facts: { caller: null } },
  { title: 'signed-in user without a role', facts: { caller: caller([]) } },
  { title: 'the user named in the path', concerns: [12, 13, 14], facts: { caller: caller([], { username: 'xia' }) } },
  { title: 'contributor of the profile', facts: { caller: caller([['acme', 'contributor']]) } },
  { title: 'manager of the profile', facts: { caller: caller([['acme', 'manager']]) } },
  { title: 'contributor of a provider of the profile', facts: { caller: caller([['prov', 'contributor']]) } },
  { title: 'manager of a provider of the profile', facts: { caller: caller([['prov', 'manager']]) } },
  {
    title: 'manager of a provider whose last subscription has ended, in the read-only time',
    facts: { caller: caller([['prov', 'manager']]), ...former },
  },
  { title: 'contributor of the broker', facts: { caller: caller([['cowork', 'contributor']]) } },
  { title: 'manager of the broker', facts: { caller: caller([['cowork', 'manager']]) } },
  {
    title: 'subscriber: member of a profile with a running subscription',
    concerns: [15, 16],
    facts: { caller: caller(member, { subscriptions: [subscription({})] }) },
  },
  {
    title: 'subscriber with a balance due',
    concerns: [15, 16],
    facts: { caller: caller(member, { subscriptions: [subscription({ is_locked: true })] }) },
  },
  {
    title: 'former subscriber',
    concerns: [15, 16],
    facts: { caller: caller(member, { subscriptions: [subscription({ ends_at: earlier })] }) },
  },
  {
    title: 'user who has not signed the current version of the agreement',
    concerns: [2],
    facts: { caller: caller([]), agreement: { slug: 'terms-of-use', is_signed: false } },
  },
  { title: 'user without a password', concerns: [17], facts: { caller: caller([], { has_password: false }) } },
  {
    title: 'user without the second factor that a role requires',
    concerns: [17],
    facts: { caller: caller([], { is_factor_missing: true }) },
  },
];

/** The callers to show for an operator. */
export function callersFor(op: number): readonly SampleCaller[] {
  return sampleCallers.filter(({ concerns }) => concerns?.includes(op) ?? true);
}

/**
 * Returns the decision of the gateway for the profile `acme` with the provider `prov`, the user `xia` and the plan
 * `premium`.
 */
export function decideSample(op: number, { facts }: SampleCaller, is_read: boolean): Denial | null {
  const operator = operators[op];
  if (!operator) throw new Error(`there is no operator ${op}`);
  const params: RuleParams = 'plan' in operator.params ? { plan: 'premium' } : {};
  const all: Facts = {
    now,
    is_read,
    caller: null,
    broker: 'cowork',
    profile: { slug: 'acme', providers: [{ slug: 'prov', is_active: true }] },
    is_profile_unknown: false,
    named_user: { username: 'xia', profiles: ['acme'], providers: [{ slug: 'prov', is_active: true }] },
    plans: [{ slug: 'premium', provider: 'prov', is_priced: true }],
    is_plan_unknown: false,
    agreement: { slug: 'terms-of-use', is_signed: true },
    ...facts,
  };
  return operator.decide(all, params);
}
