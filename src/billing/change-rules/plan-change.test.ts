import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Plan } from '#catalog';
import { addPeriods } from '#kernel/period';
import type { LedgerEntryId, OrderLineId, PlanId, ProfileId, SubscriptionId } from '#platform/db/db-schema';
import type { Subscription } from '#subscriptions';
import { aCoupon, aPlan } from '../../../test/support/catalog-samples.ts';
import type { OpenLot } from '../credits/index.ts';
import type { ChangeFacts, ChangeRequest, HeldLine, PlannedChange } from './change.ts';
import { linesOf, planChange } from './plan-change.ts';

const BEGIN = new Date('2026-01-10T10:00:00Z');
const H = new Date('2026-01-25T22:00:00Z');
const END = new Date('2026-02-10T10:00:00Z');

const plans = {
  basic: aPlan({ id: 1 as PlanId, slug: 'basic', period_amount: 9000 }),
  pro: aPlan({ id: 2 as PlanId, slug: 'pro', period_amount: 24_900 }),
  lite: aPlan({ id: 3 as PlanId, slug: 'lite', period_amount: 2000 }),
  plus: aPlan({ id: 4 as PlanId, slug: 'plus', period_amount: 9060 }),
  annual: aPlan({ id: 5 as PlanId, slug: 'annual', period_amount: 97_200, period_type: 'yearly' }),
  team: aPlan({ id: 6 as PlanId, slug: 'team', period_amount: 1000, quantity_max: 100, downgrade_mode: 'prorate' }),
};

const subscription: Subscription = {
  id: 1 as SubscriptionId,
  profile_id: 9 as ProfileId,
  plan_id: 1 as PlanId,
  created_at: BEGIN,
  anchor_at: BEGIN,
  ends_at: END,
  auto_renew: true,
  description: null,
  extra: null,
  grant_key: null,
  request_key: null,
  replaces_id: null,
  quantity: 1,
  trial_ends_at: null,
  cancelled_at: null,
  paused_at: null,
  resumes_at: null,
  suspended_at: null,
};

function aLine(
  amount: number,
  fields: Partial<HeldLine> & { ends_at?: Date; starts_at?: Date; quantity?: number } = {},
) {
  const { ends_at = END, starts_at = BEGIN, quantity = 1, ...line } = fields;
  const id = line.id ?? (1 as OrderLineId);
  return {
    id,
    order_number: '2026-000001',
    payer_id: subscription.profile_id,
    plan_slug: 'basic',
    unit: 'usd',
    order: { price: amount, noted_due: 0, unpaid: 0, refunded: 0, charged_back: 0 },
    is_refundable: true,
    coupon_id: null,
    coverages: [
      { order_line_id: id, rank: 0, amount, quantity, anchor_at: BEGIN, starts_at, ends_at, period_type: 'monthly' },
    ],
    ...line,
  } satisfies HeldLine;
}

function factsOf(from: Plan, to: Plan, fields: Partial<ChangeFacts> = {}): ChangeFacts {
  return {
    subscription: { ...subscription, plan_id: from.id },
    from,
    to,
    lines: [aLine(from.period_amount)],
    due: [],
    lots: [],
    coupon: null,
    setup_ordered: 0,
    had_plan: false,
    had_trial: false,
    quota_rows: [{ entered_at: null, uses: [] }],
    has_pending: false,
    charge_min: 50,
    ...fields,
  };
}

const plain: ChangeRequest = { option: 1, quantity: null, at: null, mode: null, leave_due: false };
const now = { ...plain, mode: 'prorate' as const };

function decide(facts: ChangeFacts, request: ChangeRequest = now, at = H): PlannedChange {
  const decided = planChange(facts, request, at);
  assert('planned' in decided, JSON.stringify(decided));
  return decided.planned;
}

function refusalOf(facts: ChangeFacts, request: ChangeRequest = plain, at = H) {
  const decided = planChange(facts, request, at);
  return 'refusal' in decided ? decided.refusal : null;
}

const amountsOf = (planned: PlannedChange) => linesOf(planned).map(({ kind, amount }) => [kind, amount]);
const lot = (balance: number): OpenLot => ({
  id: 1 as OpenLot['id'],
  provider_id: 1 as ProfileId,
  unit: 'usd',
  balance,
  is_refundable: true,
  created_at: BEGIN,
});

test('V2 an upgrade now credits the unused time and charges the rest of the new price', () => {
  const planned = decide(factsOf(plans.basic, plans.pro), plain);
  assert.deepEqual(
    [planned.direction, planned.mode, planned.at, planned.period],
    ['upgrade', 'prorate', 'now', 'kept'],
  );
  assert.deepEqual(amountsOf(planned), [
    ['credit_note', -4500],
    ['period', 12_450],
  ]);
  assert.deepEqual(planned.credit, { before: 0, noted: 4500, used: 4500, after: 0 });
  assert.deepEqual([planned.charge_amount, planned.due_after], [7950, 0]);
  assert.deepEqual([planned.next_charge_at, planned.next_charge_amount], [new Date('2026-02-09T10:00:00Z'), 24_900]);
  assert.deepEqual(
    linesOf(planned).map(({ description }) => description),
    ['Unused time of basic until 2026/02/10', 'Subscription to pro until 2026/02/10 (rest of 1 month)'],
  );
  assert.deepEqual([planned.terms.anchor_at, planned.terms.ends_at], [BEGIN, END]);
});

for (const [title, facts, at, charge, after, lines] of [
  [
    'V3 an instant that does not divide the amounts',
    factsOf(plans.basic, plans.pro),
    '2026-01-20T00:00:00Z',
    10_985,
    0,
    [-6218, 17_203],
  ],
  ['V4 a downgrade now keeps the rest as credit', factsOf(plans.pro, plans.basic), H, 0, 7950, [-12_450, 4500]],
  ['V12 another period restarts', factsOf(plans.basic, plans.annual), H, 92_700, 0, [-4500, 97_200]],
  ['V25 less than the least charge stays due', factsOf(plans.basic, plans.plus), H, 0, 0, [-4500, 4530]],
  [
    'V14 an advance-paid year becomes credit',
    factsOf(plans.basic, plans.pro, {
      lines: [aLine(97_200, { ends_at: new Date('2027-01-10T10:00:00Z') })],
      subscription: { ...subscription, ends_at: new Date('2027-01-10T10:00:00Z') },
    }),
    '2026-04-25T10:00:00Z',
    0,
    56_400,
    [-68_850, 12_450],
  ],
] as const) {
  test(title, () => {
    const planned = decide(facts, now, new Date(at));
    assert.deepEqual(
      linesOf(planned).map(({ amount }) => amount),
      lines,
    );
    assert.deepEqual([planned.charge_amount, planned.credit.after], [charge, after]);
  });
}

test('V11 and V10 full charges a period from now without credit, none charges nothing', () => {
  const full = decide(factsOf(plans.basic, plans.pro), { ...plain, mode: 'full' });
  assert.deepEqual(amountsOf(full), [['period', 24_900]]);
  assert.deepEqual(
    [full.period, full.terms.anchor_at, full.terms.ends_at],
    ['restarted', H, addPeriods(H, 1, 'monthly')],
  );
  const none = decide(factsOf(plans.basic, plans.pro), { ...plain, mode: 'none' });
  assert.deepEqual(amountsOf(none), [['period', 0]]);
  assert.deepEqual([none.charge_amount, none.terms.ends_at, none.next_charge_amount], [0, END, 24_900]);
  assert.equal(none.ordered[0]?.anchor_at, null, 'it has no coverage of its own');
});

test('V15 only the difference of the setup fees is charged, once, to a subscriber who never had the plan', () => {
  const to = { ...plans.pro, setup_amount: 5000 };
  assert.equal(decide(factsOf(plans.basic, to, { setup_ordered: 2000 })).charge_amount, 10_950);
  assert.equal(decide(factsOf(plans.basic, to, { setup_ordered: 6000 })).charge_amount, 7950);
  assert.equal(decide(factsOf(plans.basic, to, { had_plan: true })).charge_amount, 7950);
});

test('V16 and V17 a coupon goes over if it is valid for the plan entered, also without redemptions left', () => {
  const lines = [aLine(4500)];
  const ended = { ends_at: BEGIN, nb_attempts: 0 };
  const over = decide(factsOf(plans.basic, plans.pro, { lines, coupon: aCoupon(ended) }));
  assert.deepEqual([over.charge_amount, over.lost_discount], [3975, 0]);
  const lost = decide(
    factsOf(plans.basic, plans.pro, { lines, coupon: aCoupon({ ...ended, plan_id: plans.basic.id }) }),
  );
  assert.deepEqual([lost.charge_amount, lost.lost_discount], [10_200, 6225]);
});

test('V19 a debt shrinks first, and what is left of it is collected with the charge', () => {
  const line = aLine(9000);
  const facts = factsOf(plans.basic, plans.pro, {
    lines: [{ ...line, order: { ...line.order, unpaid: 9000 } }],
    due: [
      {
        line_id: line.id,
        entry_id: 7 as LedgerEntryId,
        subject: { kind: 'sub', id: '1', part: '' },
        description: 'Subscription to basic',
        amount: 9000,
        order_number: null,
      },
    ],
  });
  const planned = decide(facts);
  assert.deepEqual(amountsOf(planned), [
    ['credit_note', -4500],
    ['balance', 4500],
    ['period', 12_450],
  ]);
  assert.deepEqual([planned.charge_amount, planned.credit.noted], [16_950, 0]);
  const free = decide({ ...facts, to: { ...plans.pro, period_amount: 0 } }, { ...now, at: 'now' });
  assert.deepEqual([free.charge_amount, free.due_after, free.collected.length], [0, 4500, 0]);
});

test('V42 and V21 what was refunded or charged back becomes no credit', () => {
  const line = aLine(9000);
  const noted = (order: Partial<HeldLine['order']>) =>
    decide(factsOf(plans.basic, plans.lite, { lines: [{ ...line, order: { ...line.order, ...order } }] })).credit.noted;
  assert.equal(noted({ charged_back: 9000 }), 0);
  assert.equal(noted({ refunded: 4000 }), 2500);
});

test('V46 within the last day the next period is ordered too', () => {
  const lines = [
    aLine(9000),
    aLine(9000, { id: 2 as OrderLineId, starts_at: END, ends_at: addPeriods(END, 1, 'monthly') }),
  ];
  const planned = decide(factsOf(plans.basic, plans.pro, { lines }), plain, new Date('2026-02-09T22:00:00Z'));
  assert.deepEqual(amountsOf(planned), [
    ['credit_note', -146],
    ['credit_note', -9000],
    ['period', 402],
    ['period', 24_900],
  ]);
  assert.equal(planned.charge_amount, 16_156);
  const once = { ...plans.pro, renewal_type: 'one-time' } as const;
  assert.equal(
    decide(factsOf(plans.basic, once, { lines }), plain, new Date('2026-02-09T22:00:00Z')).ordered.length,
    1,
  );
});

test('V34 and V35 seats are added for the rest of the period and removed newest first', () => {
  const five = aLine(5000, { plan_slug: 'team', quantity: 5 });
  const facts = factsOf(plans.team, plans.team, { subscription: { ...subscription, quantity: 5 }, lines: [five] });
  const added = decide(facts, { ...plain, quantity: 8 });
  assert.deepEqual(amountsOf(added), [['seats', 1500]]);
  assert.deepEqual([added.direction, added.terms.quantity, added.terms.ends_at], ['upgrade', 8, END]);
  const more = aLine(1500, { id: 2 as OrderLineId, plan_slug: 'team', starts_at: H, quantity: 3 });
  const eight = { ...facts, subscription: { ...subscription, quantity: 8 }, lines: [five, more] };
  assert.deepEqual(amountsOf(decide(eight, { ...plain, quantity: 6 })), [['credit_note', -1000]]);
  assert.deepEqual(amountsOf(decide(eight, { ...plain, quantity: 5 })), [['credit_note', -1500]]);
  const one = aLine(500, { id: 2 as OrderLineId, plan_slug: 'team', starts_at: H, quantity: 1 });
  const six = { ...facts, subscription: { ...subscription, quantity: 6 }, lines: [five, one] };
  const fewer = decide(six, { ...plain, quantity: 4 }, new Date('2026-02-02T16:00:00Z'));
  assert.deepEqual(
    fewer.notes.map(({ line_id, amount }) => [line_id, amount]),
    [
      [2, -250],
      [1, -250],
    ],
  );
  assert.deepEqual(
    fewer.closed.map(({ kept_quantity, kept_amount }) => [kept_quantity, kept_amount]),
    [
      [0, 0],
      [4, 1000],
    ],
  );
});

test('seats are removed from the running period and from the next one that is paid already', () => {
  const next = aLine(5000, {
    id: 2 as OrderLineId,
    starts_at: END,
    ends_at: addPeriods(END, 1, 'monthly'),
    quantity: 5,
  });
  const facts = factsOf(plans.team, plans.team, {
    subscription: { ...subscription, quantity: 5 },
    lines: [aLine(5000, { quantity: 5 }), next],
  });
  assert.deepEqual(
    decide(facts, { ...plain, quantity: 3 }).notes.map(({ amount }) => amount),
    [-2000, -1000],
  );
  const added = decide(facts, { ...plain, quantity: 6 });
  assert.deepEqual(amountsOf(added), [
    ['seats', 500],
    ['seats', 1000],
  ]);
});

test('a change at the end of the period promises its price and moves no money', () => {
  const to = { ...plans.basic, setup_amount: 700 };
  const planned = decide(factsOf(plans.pro, to), plain);
  assert.deepEqual([planned.direction, planned.mode, planned.at], ['downgrade', 'period_end', 'period_end']);
  assert.deepEqual([planned.effective_at, planned.promised], [END, { amount: 9000, setup_amount: 700 }]);
  assert.deepEqual([linesOf(planned).length, planned.charge_amount, planned.next_charge_amount], [0, 0, 9700]);
});

test('the modes of the plan entered decide; only its provider can choose another one', () => {
  const strict = { ...plans.pro, upgrade_mode: 'refused' as const };
  assert.deepEqual(refusalOf(factsOf(plans.basic, strict)), { code: 'change_not_offered' });
  assert.deepEqual(refusalOf(factsOf(plans.basic, strict), { ...plain, at: 'period_end' }), {
    code: 'change_not_offered',
  });
  assert.equal(decide(factsOf(plans.basic, strict), { ...plain, mode: 'prorate' }).mode, 'prorate');
  const late = { ...plans.pro, upgrade_mode: 'period_end' as const };
  assert.deepEqual(refusalOf(factsOf(plans.basic, late), { ...plain, at: 'now' }), {
    code: 'change_at_period_end_only',
  });
  assert.equal(decide(factsOf(plans.basic, plans.pro), { ...plain, at: 'period_end' }).at, 'period_end');
});

test('a plan of the same value with another tier is an upgrade, and tiers decide alone', () => {
  const tiered = (tier: number | null) => ({ ...plans.annual, tier });
  assert.equal(decide(factsOf({ ...plans.basic, tier: 1 }, tiered(1)), plain).direction, 'crossgrade');
  assert.equal(decide(factsOf({ ...plans.basic, tier: 1 }, tiered(2)), plain).direction, 'upgrade');
  assert.equal(decide(factsOf(plans.basic, tiered(2)), plain).direction, 'downgrade');
});

test('a trial ends with the change, or goes on with a plan whose trial was never used', () => {
  const trial_ends_at = new Date('2026-01-30T10:00:00Z');
  const trial = {
    subscription: { ...subscription, trial_ends_at, ends_at: trial_ends_at },
    lines: [aLine(0, { ends_at: trial_ends_at })],
  };
  const to = { ...plans.pro, trial_days: 3 };
  const going_on = decide(factsOf(plans.basic, to, trial));
  assert.deepEqual([going_on.charge_amount, going_on.terms.trial_ends_at], [0, new Date('2026-01-28T22:00:00Z')]);
  const used = decide(factsOf(plans.basic, to, { ...trial, had_trial: true }));
  assert.deepEqual([used.charge_amount, used.terms.anchor_at, used.terms.trial_ends_at], [24_900, H, null]);
});

test('a quantity must be one that the plan has, and an option one of its prices', () => {
  const invalid = (to: Plan, request: Partial<ChangeRequest>) =>
    refusalOf(factsOf(plans.basic, to), { ...plain, ...request });
  assert.deepEqual(invalid(plans.pro, { quantity: 2 }), {
    code: 'invalid_input',
    field: 'quantity',
    message: 'This plan is not sold by quantity.',
  });
  assert.equal(invalid(plans.team, { quantity: 101 })?.code, 'invalid_input');
  assert.equal(invalid({ ...plans.team, quantity_min: 5 }, { quantity: 4 })?.code, 'invalid_input');
  assert.equal(invalid(plans.pro, { option: 2 })?.code, 'invalid_input');
  assert.deepEqual(refusalOf(factsOf(plans.basic, plans.basic)), { code: 'change_same_plan' });
});

test('a manager of the provider can leave the amount due', () => {
  const planned = decide(factsOf(plans.basic, plans.pro), { ...plain, leave_due: true });
  assert.deepEqual([planned.charge_amount, planned.due_after, planned.credit.used], [0, 7950, 4500]);
});

test('a cancelled subscription renews after a change to a plan that renews', () => {
  const cancelled = { subscription: { ...subscription, auto_renew: false, cancelled_at: BEGIN } };
  assert.equal(decide(factsOf(plans.basic, plans.pro, cancelled)).withdraws_cancellation, true);
  const once = { ...plans.pro, renewal_type: 'one-time' } as const;
  const planned = decide(factsOf(plans.basic, once, cancelled));
  assert.deepEqual(
    [planned.withdraws_cancellation, planned.terms.auto_renew, planned.next_charge_at],
    [false, false, null],
  );
});

test('property 4: a change and its reverse at one instant leave as much credit as was paid', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.date({ min: BEGIN, max: new Date(END.getTime() - 86_400_001), noInvalidDate: true }),
      (old_amount, new_amount, at) => {
        const [a, b] = [
          { ...plans.basic, period_amount: old_amount },
          { ...plans.pro, period_amount: new_amount },
        ];
        const there = decide(factsOf(a, b), now, at);
        const paid = there.charge_amount + there.due_after;
        const entered = aLine(there.ordered[0]?.amount ?? 0, { id: 2 as OrderLineId, starts_at: at });
        const line = { ...entered, order: { ...entered.order, unpaid: there.due_after } };
        const back = decide(factsOf(b, a, { lines: [line], lots: [lot(there.credit.after)] }), now, at);
        assert.equal(back.charge_amount, 0);
        assert.equal(back.credit.after + back.notes.reduce((sum, { due }) => sum + due, 0), paid);
      },
    ),
  );
});

test('property 1: what is charged, paid by credit and left due adds up to the lines', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 100_000 }),
      fc.integer({ min: 0, max: 100_000 }),
      fc.nat({ max: 50_000 }),
      fc.date({ min: BEGIN, max: new Date(END.getTime() - 1), noInvalidDate: true }),
      (old_amount, new_amount, balance, at) => {
        const [a, b] = [
          { ...plans.basic, period_amount: old_amount },
          { ...plans.pro, period_amount: new_amount },
        ];
        const planned = decide(factsOf(a, b, { lots: [lot(balance)] }), now, at);
        const ordered = planned.ordered.reduce((sum, { amount }) => sum + amount, 0);
        const { before, noted, used, after } = planned.credit;
        assert.equal(before + noted - used, after);
        assert.equal(ordered, used + planned.charge_amount + planned.due_after);
        assert(planned.due_after < 50 && (planned.charge_amount === 0 || planned.charge_amount >= 50));
      },
    ),
  );
});

test('a quantity whose period costs more than a price may be is refused at its field', () => {
  const dear = aPlan({ ...plans.pro, quantity_max: 1_000_000, period_amount: 100_000_000_000 });
  const refusal = refusalOf(factsOf(plans.basic, dear), { ...now, quantity: 2 });
  assert.ok(refusal?.code === 'invalid_input' && refusal.field === 'quantity' && /too high/.test(refusal.message));
  assert.equal(refusalOf(factsOf(plans.basic, dear), { ...now, quantity: 1 }), null);
});
