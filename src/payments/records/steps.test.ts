import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { DisputeEvidence } from '../processors/dispute-evidence.ts';
import type { Evidence } from '../processors/processor.ts';
import type { ChargeState } from './charge.ts';
import { decideSteps, type Step } from './steps.ts';

const funds = { net: 1912, fee: 88, unit: 'usd' };
const open: DisputeEvidence = {
  key: 'du_1',
  amount: 2000,
  fee_amount: 1500,
  returns_fee: false,
  is_lost: false,
  returned_fee_amount: null,
};
const paidWith = (...disputes: DisputeEvidence[]): Evidence => ({ state: 'done', funds, disputes });
const won = { ...open, returned_fee_amount: 0 };
const lost = { ...open, is_lost: true };
const partLost = { ...lost, amount: 1999 };
const later = { ...open, key: 'du_2' };
const failed: Evidence = { state: 'failed', detail: 'Declined.' };

/** A charge, and the sums that its steps have booked, as the ledger would have them. */
class Model {
  state: ChargeState = 'created';
  readonly booked = new Map<string, 'withdrawn' | 'returned'>();
  readonly entries: string[] = [];

  apply(evidence: Evidence): Step[] {
    const steps = decideSteps({ state: this.state, amount: 2000 }, this.booked, evidence);
    for (const step of steps) {
      this.state = step.to;
      const key = 'dispute' in step ? step.dispute.key : '';
      if (step.kind !== 'lose') this.entries.push(`${step.kind} ${key}`);
      if (step.kind === 'withdraw') this.booked.set(key, 'withdrawn');
      if (step.kind === 'return') this.booked.set(key, 'returned');
    }
    return steps;
  }
}

function run(...sequence: Evidence[]): [state: ChargeState, entries: string[]] {
  const model = new Model();
  for (const evidence of sequence) model.apply(evidence);
  return [model.state, model.entries];
}

test('each state and each evidence have their steps', () => {
  const cases: [sequence: Evidence[], state: ChargeState, entries: string[]][] = [
    [[{ state: 'created' }], 'created', []],
    [[paidWith()], 'done', ['pay ']],
    [[failed], 'failed', ['fail ']],
    [[paidWith(open)], 'disputed', ['pay ', 'withdraw du_1']],
    [[paidWith(), paidWith(won)], 'done', ['pay ', 'withdraw du_1', 'return du_1']],
    [[paidWith(lost)], 'failed', ['pay ', 'withdraw du_1']],
    [[paidWith(lost), paidWith(won)], 'done', ['pay ', 'withdraw du_1', 'return du_1']],
    [[paidWith(open, later)], 'disputed', ['pay ', 'withdraw du_1', 'withdraw du_2']],
    [
      [paidWith(open, later), paidWith(won, later)],
      'disputed',
      ['pay ', 'withdraw du_1', 'withdraw du_2', 'return du_1'],
    ],
    [[paidWith(won, later)], 'disputed', ['pay ', 'withdraw du_1', 'return du_1', 'withdraw du_2']],
    [[paidWith(lost), paidWith(lost, later)], 'failed', ['pay ', 'withdraw du_1', 'withdraw du_2']],
    [[paidWith(), failed], 'done', ['pay ']],
    [[failed, paidWith()], 'failed', ['fail ']],
    [[paidWith(open), failed], 'disputed', ['pay ', 'withdraw du_1']],
    [[paidWith(won), paidWith(open)], 'done', ['pay ', 'withdraw du_1', 'return du_1']],
    [[paidWith(lost), paidWith(open), paidWith()], 'failed', ['pay ', 'withdraw du_1']],
    [[paidWith(partLost)], 'done', ['pay ', 'withdraw du_1']],
    [[paidWith(partLost), paidWith({ ...open, amount: 1999 })], 'done', ['pay ', 'withdraw du_1']],
    [[paidWith(partLost), paidWith(partLost, later)], 'disputed', ['pay ', 'withdraw du_1', 'withdraw du_2']],
    [
      [paidWith(partLost, later), paidWith(partLost, { ...later, returned_fee_amount: 0 })],
      'done',
      ['pay ', 'withdraw du_1', 'withdraw du_2', 'return du_2'],
    ],
  ];
  for (const [sequence, ...expected] of cases) assert.deepEqual(run(...sequence), expected, JSON.stringify(sequence));
});

/** Snapshots of one charge at the processor in the order in which they came to be. */
const histories: Readonly<Record<string, Evidence[]>> = {
  won: [{ state: 'created' }, paidWith(), paidWith(open), paidWith(won)],
  lost: [{ state: 'created' }, paidWith(), paidWith(open), paidWith(lost)],
  'won after an appeal': [paidWith(), paidWith(open), paidWith(lost), paidWith(won)],
  'disputed twice': [
    paidWith(),
    paidWith(open),
    paidWith(won),
    paidWith(won, later),
    paidWith(won, { ...later, is_lost: true }),
  ],
  'lost in part': [{ state: 'created' }, paidWith({ ...open, amount: 1999 }), paidWith(partLost)],
  failed: [{ state: 'created' }, failed],
};

/** Every order of every subset of a list. */
function* arrange<T>(items: readonly T[]): Generator<T[]> {
  yield [];
  for (const [index, item] of items.entries()) {
    for (const rest of arrange(items.toSpliced(index, 1))) yield [item, ...rest];
  }
}

test('S63: any order and any subset of the evidence, each repeated, ends in one state with the same entries', () => {
  let count = 0;
  for (const [title, history] of Object.entries(histories)) {
    const last = history.at(-1);
    assert(last);
    const expected = run(...history);
    const sorted = (entries: string[]) => entries.toSorted();
    for (const sequence of arrange(history)) {
      for (const repeated of sequence.length === 0 ? [[]] : sequence.map((each) => [...sequence, each])) {
        const [state, entries] = run(...repeated, last);
        assert.equal(state, expected[0], `${title}: ${JSON.stringify(repeated)}`);
        assert.deepEqual(sorted(entries), sorted(expected[1]), title);
        count += 1;
      }
    }
  }
  assert(count > 1000, `${count} sequences`);
});

test('S64: a snapshot that was taken early and is applied late changes nothing', () => {
  for (const history of Object.values(histories)) {
    for (let applied = 1; applied <= history.length; applied += 1) {
      for (const stale of history.slice(0, applied)) {
        const model = new Model();
        for (const evidence of history.slice(0, applied)) model.apply(evidence);
        assert.deepEqual(model.apply(stale), []);
      }
    }
  }
});

test('in any order of evidence each step is taken once, and starts where the last one ended', () => {
  const evidence = fc.constantFrom<Evidence>(...Object.values(histories).flat());
  fc.assert(
    fc.property(fc.array(evidence, { maxLength: 20 }), (sequence) => {
      const [, entries] = run(...sequence);
      assert.equal(new Set(entries).size, entries.length);
    }),
  );
});
