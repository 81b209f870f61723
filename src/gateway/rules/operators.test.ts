import assert from 'node:assert/strict';
import { test } from 'node:test';
import { denialProblem } from './denial.ts';
import type { CallerFacts, Facts, SubscriptionFact } from './facts.ts';
import { type Denial, operators } from './operators.ts';
import type { RuleParams } from './rule-params.ts';

const now = new Date('2026-03-01T12:00:00Z');
const later = new Date('2026-04-01T12:00:00Z');
const earlier = new Date('2026-02-01T12:00:00Z');

/** acme provides for the profile xia; cowork is the broker. */
const callers = {
  anonymous: null,
  no_roles: caller('sam', []),
  contributor: caller('carl', [['xia', 'contributor']]),
  manager: caller('mia', [['xia', 'manager']]),
  provider_contributor: caller('pia', [['acme', 'contributor']]),
  provider_manager: caller('paul', [['acme', 'manager']]),
  broker_contributor: caller('alice', [['cowork', 'contributor']]),
  broker_manager: caller('donny', [['cowork', 'manager']]),
} satisfies Record<string, CallerFacts | null>;

function caller(username: string, roles: [string, string][], rest: Partial<CallerFacts> = {}): CallerFacts {
  return {
    username,
    has_password: true,
    is_factor_missing: false,
    roles: roles.map(([profile, role]) => ({ profile, role })),
    subscriptions: [],
    ...rest,
  };
}

function facts(change: Partial<Facts> = {}): Facts {
  return {
    now,
    is_read: true,
    caller: null,
    broker: 'cowork',
    profile: { slug: 'xia', providers: [{ slug: 'acme', is_active: true }] },
    is_profile_unknown: false,
    named_user: { username: 'xia', profiles: ['xia'], providers: [{ slug: 'acme', is_active: true }] },
    plans: [{ slug: 'premium', provider: 'acme', is_priced: true }],
    is_plan_unknown: false,
    agreement: { slug: 'terms-of-use', is_signed: true },
    ...change,
  };
}

function decide(op: number, given: Partial<Facts>, params: RuleParams = {}): Denial | null {
  const operator = operators[op];
  assert.ok(operator);
  return operator.decide(facts(given), params);
}

// L must sign in · - refused · r may read · w may do anything · s must subscribe · x must subscribe to write
// oxfmt-ignore
const table: readonly (readonly [number, string])[] = [
  // op   anonymous no_roles contributor manager  provider: contributor manager  broker: contributor manager
  [ 0,    'w        w        w           w                  w           w                w           w'],
  [ 1,    'L        w        w           w                  w           w                w           w'],
  [ 2,    'L        w        w           w                  w           w                w           w'],
  [ 3,    'L        -        r           w                  -           -                r           w'],
  [ 4,    'L        -        w           w                  -           -                w           w'],
  [ 5,    'L        -        -           w                  -           -                -           w'],
  [ 6,    'L        -        r           w                  r           w                r           w'],
  [ 7,    'L        -        w           w                  w           w                w           w'],
  [ 8,    'L        -        -           w                  -           w                -           w'],
  [ 9,    'L        -        -           -                  r           w                r           w'],
  [10,    'L        -        -           -                  w           w                w           w'],
  [11,    'L        -        -           -                  -           w                -           w'],
  [12,    'L        -        r           w                  r           w                r           w'],
  [13,    'L        -        w           w                  w           w                w           w'],
  [14,    'L        -        -           w                  -           w                -           w'],
  [15,    'L        s        s           s                  w           w                x           w'],
  [16,    'L        s        s           s                  w           w                x           w'],
  [17,    'L        w        w           w                  w           w                w           w'],
  [18,    'L        -        r           w                  r           r                r           w'],
];

const verdicts: Readonly<Record<string, (is_read: boolean) => Denial['kind'] | null>> = {
  L: () => 'credentials_required',
  '-': () => 'role_required',
  r: (is_read) => (is_read ? null : 'role_required'),
  w: () => null,
  s: () => 'subscription_required',
  x: (is_read) => (is_read ? null : 'subscription_required'),
};

for (const [op, row] of table) {
  test(`operator ${op} (${operators[op]?.name}) for every caller, reading and writing`, () => {
    const letters = row.split(/\s+/);
    Object.entries(callers).forEach(([name, who], index) => {
      for (const is_read of [true, false]) {
        const expected = verdicts[letters[index] ?? '']?.(is_read);
        const kind = decide(op, { caller: who, is_read })?.kind ?? null;
        assert.equal(kind, expected, `${name}, ${is_read ? 'read' : 'write'}`);
      }
    });
  });
}

test('the table names every operator', () => {
  assert.deepEqual(
    table.map(([op]) => op),
    [...operators.keys()],
  );
});

test('a role other than contributor counts only if the rule names it', () => {
  const support = caller('sue', [['xia', 'support']]);
  for (const op of [4, 7, 13]) {
    assert.equal(decide(op, { caller: support })?.kind, 'role_required');
    assert.equal(decide(op, { caller: support }, { roledescription: 'support' }), null);
    assert.equal(decide(op, { caller: support }, { roledescription: ['contributor', 'support'] }), null);
  }
  assert.equal(decide(4, { caller: callers.contributor }, { roledescription: 'support' })?.kind, 'role_required');
});

test('the brokers that a rule names count like the broker of the site', () => {
  const partner = caller('pat', [['partner', 'manager']]);
  for (const op of [3, 6, 9, 15, 16, 18]) {
    assert.notEqual(decide(op, { caller: partner, is_read: false }), null);
    assert.equal(decide(op, { caller: partner, is_read: false }, { brokers: ['partner'] }), null);
  }
});

test('after the end of the subscription the provider and its managers may only read', () => {
  const ended = { profile: { slug: 'xia', providers: [{ slug: 'acme', is_active: false }] } };
  const named_user = {
    named_user: { username: 'xia', profiles: ['xia'], providers: [{ slug: 'acme', is_active: false }] },
  };
  for (const op of [6, 7, 8, 9, 10, 11, 12, 13, 14, 18]) {
    assert.equal(decide(op, { ...ended, ...named_user, caller: callers.provider_manager }), null);
    assert.equal(
      decide(op, { ...ended, ...named_user, caller: callers.provider_manager, is_read: false })?.kind,
      'role_required',
    );
  }
});

test('a provider-only rule grants a profile that is its own provider', () => {
  const own = { profile: { slug: 'xia', providers: [{ slug: 'xia', is_active: true }] } };
  assert.equal(decide(11, { ...own, caller: callers.manager, is_read: false }), null);
});

test('a role rule for an unknown profile grants only users with a role on the broker', () => {
  for (const op of [3, 4, 5, 6, 7, 8, 9, 10, 11, 18]) {
    for (const who of [callers.no_roles, callers.manager, callers.provider_manager]) {
      assert.equal(decide(op, { caller: who, profile: null, is_profile_unknown: true })?.kind, 'role_required');
    }
    assert.equal(decide(op, { caller: callers.broker_manager, profile: null, is_profile_unknown: true }), null);
  }
});

test('a user passes a rule about its own name in any case', () => {
  for (const op of [12, 13, 14]) assert.equal(decide(op, { caller: caller('XIA', []), is_read: false }), null);
  for (const op of [12, 13, 14])
    assert.equal(decide(op, { caller: caller('sam', []), named_user: null })?.kind, 'role_required');
});

test('an agreement that is unsigned or unknown is required', () => {
  const unsigned = { agreement: { slug: 'privacy', is_signed: false }, caller: callers.manager };
  assert.deepEqual(decide(2, unsigned), { kind: 'agreement_required', agreement: 'privacy' });
  assert.equal(decide(2, { agreement: null, caller: callers.manager })?.kind, 'agreement_required');
});

test('an account without password or without a required second factor is not active', () => {
  assert.deepEqual(decide(17, { caller: caller('sam', [], { has_password: false }) }), { kind: 'password_required' });
  assert.deepEqual(decide(17, { caller: caller('sam', [], { is_factor_missing: true }) }), {
    kind: 'otp_required',
    username: 'sam',
  });
});

function subscriber(...subscriptions: Partial<SubscriptionFact>[]): Partial<Facts> {
  return {
    caller: caller(
      'mia',
      [
        ['xia', 'manager'],
        ['zed', 'contributor'],
      ],
      {
        subscriptions: subscriptions.map((given) => ({
          profile: 'xia',
          plan: 'premium',
          ends_at: later,
          is_locked: false,
          ...given,
        })),
      },
    ),
    is_read: false,
  };
}

// oxfmt-ignore
const subscribing: readonly (readonly [string, Partial<Facts>, Denial | null, Denial | null])[] = [
  ['a running subscription', subscriber({}), null, null],
  ['an expired one', subscriber({ ends_at: earlier }), { kind: 'subscription_required', profile: 'xia', plan: 'premium' }, null],
  ['one that ends at this very instant', subscriber({ ends_at: now }), { kind: 'subscription_required', profile: 'xia', plan: 'premium' }, null],
  ['a locked one', subscriber({ is_locked: true }), { kind: 'payment_required', profile: 'xia', plan: 'premium' }, null],
  ['a locked and a good one', subscriber({ is_locked: true }, {}), null, null],
  ['another plan', subscriber({ plan: 'basic' }), { kind: 'subscription_required', profile: 'xia', plan: 'premium' }, { kind: 'subscription_required', profile: 'xia', plan: 'premium' }],
  ['the plan on another profile', subscriber({ profile: 'zed' }), { kind: 'subscription_required', profile: 'xia', plan: 'premium' }, { kind: 'role_required' }],
  ['the plan on another profile, any profile will do', { ...subscriber({ profile: 'zed' }), profile: null }, null, null],
  ['any plan', { ...subscriber({ plan: 'basic' }), plans: [] }, null, null],
  ['nothing, any plan', { ...subscriber(), plans: [] }, { kind: 'subscription_required', profile: 'xia', plan: null }, { kind: 'subscription_required', profile: 'xia', plan: null }],
  ['nothing, a plan without price', { ...subscriber(), plans: [{ slug: 'enterprise', provider: 'acme', is_priced: false }] }, { kind: 'subscription_required', profile: 'xia', plan: 'enterprise' }, { kind: 'subscription_required', profile: 'xia', plan: null }],
  ['an unknown profile', { ...subscriber({}), profile: null, is_profile_unknown: true }, { kind: 'profile_unknown' }, { kind: 'profile_unknown' }],
  ['an unknown plan', { ...subscriber({}), plans: [], is_plan_unknown: true }, { kind: 'plan_unknown' }, { kind: 'plan_unknown' }],
];

for (const [what, given, paid, ever] of subscribing) {
  test(`subscriptions: ${what}`, () => {
    assert.deepEqual(decide(15, given), paid, 'subscribed and paid');
    assert.deepEqual(decide(16, given), ever, 'ever subscribed');
  });
}

// oxfmt-ignore
const resolutions: readonly (readonly [Denial, number, string | null])[] = [
  [{ kind: 'credentials_required' }, 401, '/login/'],
  [{ kind: 'password_required' }, 403, '/recover/'],
  [{ kind: 'otp_required', username: 'mia' }, 403, '/users/mia/otp/'],
  [{ kind: 'agreement_required', agreement: 'privacy' }, 403, '/legal/privacy/sign/'],
  [{ kind: 'role_required' }, 403, null],
  [{ kind: 'subscription_required', profile: 'xia', plan: 'premium' }, 402, '/billing/xia/cart/?plan=premium'],
  [{ kind: 'subscription_required', profile: null, plan: 'premium' }, 402, '/billing/cart/?plan=premium'],
  [{ kind: 'subscription_required', profile: 'xia', plan: null }, 402, '/pricing/'],
  [{ kind: 'payment_required', profile: 'xia', plan: 'premium' }, 402, '/billing/xia/balance/premium/'],
  [{ kind: 'profile_unknown' }, 404, null],
  [{ kind: 'plan_unknown' }, 404, null],
];

for (const [denial, status, location] of resolutions) {
  test(`${denial.kind} is a ${status} with ${location ?? 'no'} location`, () => {
    const problem = denialProblem(denial);
    assert.equal(problem.status, status);
    assert.equal(problem.code, denial.kind);
    assert.equal(problem.extra.location ?? null, location);
  });
}
