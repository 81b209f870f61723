import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { randomKey40 } from '#platform/security/crypto';
import {
  type AcceptedOutcome,
  type AttemptRef,
  type ChargeOutcome,
  type ChargeRequest,
  type DeclineKind,
  isAccepted,
  type Processor,
  type RequestHeaders,
} from './processor.ts';

/** Fault of the connection to a processor, until it is set to null. */
export type Fault =
  /** No request arrives. */
  | 'unreachable'
  /** Requests arrive and are carried out; no response returns. */
  | 'lost_response';

/** A processor under test, with a way to reach each outcome. */
export interface ContractSubject {
  processor: Processor;
  /** Account of the charges; empty for the broker's own. */
  account: string;
  /** Single-use tokens. `declined` has one for each kind that a token can cause. */
  tokens: {
    accepted: string;
    pending: string;
    action_required: string;
    refund_pending: string;
    declined: Readonly<Partial<Record<DeclineKind, string>>>;
  };
  setFault(fault: Fault | null): void;
  /** Decides an open payment at the processor, as the payer or the bank would. */
  decide(attempt: AttemptRef, decision: 'paid' | 'failed' | 'disputed' | 'won' | 'lost'): Promise<void>;
  decideRefund(processor_key: string, decision: 'succeeded' | 'failed'): Promise<void>;
  /** Builds a webhook request about a charge; `type` is a name of the processor, `unknown` one that it does not use. */
  signEvent(
    event: { id: string; type: 'charge' | 'unknown'; object: string },
    secret: string,
    at: Date,
  ): { raw: Buffer; headers: RequestHeaders };
  now(): Date;
  close(): Promise<void>;
}

/** Amount of each charge: 29.00. */
const AMOUNT = 2900;

/**
 * Defines the tests that every adapter passes. An adapter that cannot reach an outcome in its sandbox emulates it.
 * The suite needs neither the tables nor the ledger of Tollgate.
 */
export function testProcessorContract(name: string, open: () => Promise<ContractSubject>): void {
  let subject: ContractSubject;
  before(async () => {
    subject = await open();
  });
  after(() => subject.close());
  const rule = (title: string, run: () => Promise<void>): void => {
    void test(`${name}: ${title}`, run);
  };

  const requestWith = (token: string, remember = false): ChargeRequest => ({
    key: randomKey40(),
    account: subject.account,
    amount: AMOUNT,
    unit: 'usd',
    description: 'A line',
    source: { token, remember },
  });
  const refOf = ({ key, account }: ChargeRequest, outcome?: ChargeOutcome): AttemptRef => ({
    key,
    account,
    intent_key: outcome?.outcome === 'action_required' ? outcome.intent_key : null,
    created_at: subject.now(),
  });
  const charge = async (token: string): Promise<{ request: ChargeRequest; paid: AcceptedOutcome }> => {
    const request = requestWith(token);
    const paid = await subject.processor.charge(request);
    assert(isAccepted(paid), paid.outcome);
    return { request, paid };
  };
  const stateOf = async ({ processor_key }: AcceptedOutcome) =>
    (await subject.processor.retrieve({ processor_key, account: subject.account }))?.state;

  chargeRules();
  actionRules();
  refundRules();
  disputeRules();
  cardRules();
  intakeRules();
  rule('capabilities and page parts are constants', async () => {
    const { processor } = subject;
    assert(processor.name.length > 0 && processor.minimum('usd') > 0);
    assert.equal(processor.units?.has('usd') ?? true, true);
    assert.deepEqual(processor.pageParts(), processor.pageParts());
    assert.deepEqual(processor.browserKeys(), processor.browserKeys());
    assert.notEqual((await processor.payoutAccount(subject.account)).bank_name, '');
  });

  function chargeRules(): void {
    rule('a good card is charged, and net and fee add up to the amount', async () => {
      const { paid } = await charge(subject.tokens.accepted);
      assert(paid.outcome === 'succeeded' && paid.evidence.state === 'done');
      const { net, fee, unit } = paid.evidence.funds;
      if (unit === 'usd') assert.equal(net + fee, AMOUNT);
      assert(net >= 0 && fee >= 0);
    });

    rule('concurrent and repeated calls with one key make one charge', async () => {
      const request = requestWith(subject.tokens.accepted);
      const { processor } = subject;
      const outcomes = await Promise.all([processor.charge(request), processor.charge(request)]);
      outcomes.push(await processor.charge(request));
      const keys = outcomes.map((outcome) => (isAccepted(outcome) ? outcome.processor_key : outcome.outcome));
      assert.equal(new Set(keys).size, 1, keys.join());
    });

    rule('a key that was never used has no outcome', async () => {
      const { processor } = subject;
      assert.equal(await processor.findByKey(refOf(requestWith(subject.tokens.accepted))), null);
      assert.equal(await processor.retrieve({ processor_key: `ch_${randomKey40()}`, account: subject.account }), null);
    });

    rule('a lost response is found by its key and equals the response of a retry', async () => {
      const request = requestWith(subject.tokens.accepted);
      subject.setFault('lost_response');
      await assert.rejects(subject.processor.charge(request));
      subject.setFault(null);
      const found = await subject.processor.findByKey(refOf(request));
      assert(isAccepted(found));
      assert.deepEqual(await subject.processor.charge(request), found);
    });

    rule('a request that never arrives takes no money', async () => {
      const request = requestWith(subject.tokens.accepted);
      subject.setFault('unreachable');
      await assert.rejects(subject.processor.charge(request));
      subject.setFault(null);
      assert.equal(await subject.processor.findByKey(refOf(request)), null);
    });

    rule('each kind of decline is reported, and a retry with the key is declined alike', async () => {
      for (const [kind, token] of Object.entries(subject.tokens.declined)) {
        const request = requestWith(token);
        const outcome = await subject.processor.charge(request);
        assert(outcome.outcome === 'declined', outcome.outcome);
        assert.equal(outcome.kind, kind);
        assert(outcome.code !== '' && outcome.detail !== '');
        assert.deepEqual(await subject.processor.findByKey(refOf(request)), outcome);
      }
    });

    rule('a pending payment is decided later: paid or failed', async () => {
      for (const [decision, state] of [
        ['paid', 'done'],
        ['failed', 'failed'],
      ] as const) {
        const { request, paid } = await charge(subject.tokens.pending);
        assert.deepEqual([paid.outcome, paid.evidence.state], ['pending', 'created']);
        assert.equal(await stateOf(paid), 'created');
        await subject.decide(refOf(request), decision);
        assert.equal(await stateOf(paid), state);
        // The outcome of the attempt stays accepted: the failure is evidence about its charge.
        assert(isAccepted(await subject.processor.findByKey(refOf(request))));
      }
    });
  }

  function actionRules(): void {
    const start = async () => {
      const request = requestWith(subject.tokens.action_required);
      const waiting = await subject.processor.charge(request);
      assert(waiting.outcome === 'action_required', waiting.outcome);
      assert(waiting.intent_key !== '' && waiting.client_secret !== '');
      return { attempt: refOf(request, waiting), waiting };
    };

    rule('a payment that the payer must confirm takes no money until it is confirmed', async () => {
      const { attempt, waiting } = await start();
      assert.deepEqual(await subject.processor.findByKey(attempt), waiting);
      await subject.decide(attempt, 'paid');
      const outcome = await subject.processor.findByKey(attempt);
      assert(outcome?.outcome === 'succeeded' && outcome.evidence.state === 'done');
    });

    rule('a payment that the bank does not confirm is declined', async () => {
      const { attempt } = await start();
      await subject.decide(attempt, 'failed');
      const outcome = await subject.processor.findByKey(attempt);
      assert(outcome?.outcome === 'declined' && outcome.kind === 'authenticate');
    });

    rule('an abandoned payment is declined for good, also when it is abandoned again', async () => {
      const { attempt } = await start();
      const ended = await subject.processor.abandon(attempt);
      assert.equal(ended.outcome, 'declined');
      assert.deepEqual(await subject.processor.abandon(attempt), ended);
      assert.deepEqual(await subject.processor.findByKey(attempt), ended);
    });

    rule('a payment that was confirmed before it is abandoned stays paid', async () => {
      const { attempt } = await start();
      await subject.decide(attempt, 'paid');
      assert(isAccepted(await subject.processor.abandon(attempt)));
    });
  }

  function refundRules(): void {
    const refund = ({ processor_key }: AcceptedOutcome, amount: number, key = randomKey40()) =>
      subject.processor.refund({ key, processor_key, account: subject.account, amount });

    rule('repeated calls with one key make one refund', async () => {
      const { paid } = await charge(subject.tokens.accepted);
      const key = randomKey40();
      assert.deepEqual(await refund(paid, 2000, key), { outcome: 'refunded' });
      assert.deepEqual(await refund(paid, 2000, key), { outcome: 'refunded' });
      assert.deepEqual(await refund(paid, 900), { outcome: 'refunded' });
    });

    rule('partial refunds are made up to the amount of the charge and no further', async () => {
      const { paid } = await charge(subject.tokens.accepted);
      for (const amount of [1000, 1000, 900]) assert.equal((await refund(paid, amount)).outcome, 'refunded');
      assert.equal((await refund(paid, 1)).outcome, 'refused');
    });

    rule('a lost response of a refund is found by its key', async () => {
      const { paid } = await charge(subject.tokens.accepted);
      const key = randomKey40();
      const { processor_key } = paid;
      const find = () => subject.processor.findRefund({ key, processor_key, account: subject.account });
      assert.equal(await find(), null);
      subject.setFault('lost_response');
      await assert.rejects(refund(paid, 500, key));
      subject.setFault(null);
      assert.deepEqual(await find(), { outcome: 'refunded' });
    });

    rule('a pending refund succeeds or fails later', async () => {
      for (const [decision, outcome] of [
        ['succeeded', 'refunded'],
        ['failed', 'refused'],
      ] as const) {
        const { paid } = await charge(subject.tokens.refund_pending);
        const key = randomKey40();
        const { processor_key } = paid;
        assert.deepEqual(await refund(paid, AMOUNT, key), { outcome: 'pending' });
        await subject.decideRefund(processor_key, decision);
        const found = await subject.processor.findRefund({ key, processor_key, account: subject.account });
        assert.equal(found?.outcome, outcome);
      }
    });
  }

  function disputeRules(): void {
    rule('a dispute is evidence with its fee, until it is won or lost', async () => {
      for (const [decision, state] of [
        ['won', 'done'],
        ['lost', 'failed'],
      ] as const) {
        const { request, paid } = await charge(subject.tokens.accepted);
        const { processor_key } = paid;
        await subject.decide(refOf(request), 'disputed');
        const evidence = await subject.processor.retrieve({ processor_key, account: subject.account });
        assert(evidence?.state === 'disputed' && evidence.fee_amount >= 0);
        assert.equal(evidence.returns_fee, subject.processor.returns_fee);
        await subject.decide(refOf(request), decision);
        assert.equal(await stateOf(paid), state);
      }
    });
  }

  function cardRules(): void {
    rule('a saved card can be charged again until it is deleted', async () => {
      const { processor, account, tokens } = subject;
      if (!processor.saved_cards) return;
      const saved = await processor.saveCard({ key: randomKey40(), account, token: tokens.accepted });
      assert(saved.outcome === 'saved');
      const { customer_key } = saved;
      const request = { ...requestWith(tokens.accepted), source: { saved: { account, customer_key } } };
      assert(isAccepted(await processor.charge(request)));
      await processor.deleteCard({ account, customer_key });
      await processor.deleteCard({ account, customer_key });
      const outcome = await processor.charge({ ...request, key: randomKey40() });
      assert.equal(outcome.outcome, 'declined');
    });

    rule('a card that is charged can be remembered', async () => {
      if (!subject.processor.saved_cards) return;
      const paid = await subject.processor.charge(requestWith(subject.tokens.accepted, true));
      assert(isAccepted(paid) && paid.customer_key !== null);
      const { paid: once } = await charge(subject.tokens.accepted);
      assert.equal(once.customer_key, null);
    });

    rule('a card that is refused or must be confirmed is not saved', async () => {
      const { processor, account, tokens } = subject;
      if (!processor.saved_cards) return;
      for (const token of Object.values(tokens.declined)) {
        const outcome = await processor.saveCard({ key: randomKey40(), account, token });
        assert.equal(outcome.outcome, 'declined');
      }
      const waiting = await processor.saveCard({ key: randomKey40(), account, token: tokens.action_required });
      assert.equal(waiting.outcome, 'action_required');
    });
  }

  function intakeRules(): void {
    const secret = 'whsec_contract';
    const event = { id: 'evt_1', type: 'charge', object: 'ch_1' } as const;
    const verify = (request: { raw: Buffer; headers: RequestHeaders }, at: Date, secrets: string[] = [secret]) => {
      const { intake } = subject.processor;
      assert(intake, 'the processor has an intake');
      return intake.verify(request.raw, request.headers, secrets, at);
    };

    rule('a signed event names the object that changed; a repeated request is read alike', async () => {
      const at = subject.now();
      const request = subject.signEvent(event, secret, at);
      const read = verify(request, at);
      assert.deepEqual([read?.type, read?.object], ['charge', 'ch_1']);
      assert.deepEqual(verify(request, at, ['whsec_new', secret]), read);
    });

    rule('an event of an unknown type is read as one that concerns no charge', async () => {
      const at = subject.now();
      assert.equal(verify(subject.signEvent({ ...event, type: 'unknown' }, secret, at), at)?.type, 'other');
    });

    rule('an event with a bad, absent, repeated, old or future signature, or other bytes, is refused', async () => {
      const at = subject.now();
      const { raw, headers } = subject.signEvent(event, secret, at);
      const shifted = (seconds: number) => new Date(at.getTime() + seconds * 1000);
      assert.equal(verify({ raw, headers }, at, ['whsec_other']), null);
      assert.equal(verify({ raw, headers }, at, []), null);
      assert.equal(verify({ raw, headers: {} }, at), null);
      const names = Object.keys(headers);
      const repeated = Object.fromEntries(names.map((key) => [key, [String(headers[key]), String(headers[key])]]));
      assert.equal(verify({ raw, headers: repeated }, at), null);
      assert.equal(verify({ raw: Buffer.concat([raw, Buffer.from(' ')]), headers }, at), null);
      assert.equal(verify({ raw, headers }, shifted(302)), null);
      assert.equal(verify({ raw, headers }, shifted(-302)), null);
      assert.equal(verify(subject.signEvent({ ...event, id: '' }, secret, at), at), null);
    });
  }
}
