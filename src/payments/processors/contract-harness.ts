import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomKey40 } from '#platform/security/crypto';
import type { RequestHeaders } from './event-intake.ts';
import {
  type AcceptedOutcome,
  type AttemptRef,
  type ChargeOutcome,
  type ChargeRequest,
  type DeclineKind,
  type Evidence,
  isAccepted,
  type Payer,
  type Processor,
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
  payer: Payer;
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
  /** Gives an account a bank and funds of 1,000.00 usd, as its provider would. */
  prepareAccount(account: string): Promise<void>;
  now(): Date;
  close(): Promise<void>;
}

/** Amount of each charge of the suite: 29.00. Units: 1/100 of usd. */
export const AMOUNT = 2900;

/** Functions that the rules of the suite share. */
export interface ContractHarness {
  subject(): ContractSubject;
  rule(title: string, run: () => Promise<void>): void;
  requestWith(token: string, remember?: boolean): ChargeRequest;
  refOf(request: ChargeRequest, outcome?: ChargeOutcome): AttemptRef;
  /** Makes an accepted charge. */
  charge(token: string): Promise<{ request: ChargeRequest; paid: AcceptedOutcome }>;
  stateOf(paid: AcceptedOutcome): Promise<Evidence['state'] | undefined>;
}

export function makeContractHarness(name: string, subject: () => ContractSubject): ContractHarness {
  const requestWith = (token: string, remember = false): ChargeRequest => ({
    key: randomKey40(),
    account: subject().account,
    broker_fee_amount: 0,
    payer: subject().payer,
    off_session: false,
    order_id: null,
    provider_id: null,
    amount: AMOUNT,
    unit: 'usd',
    description: 'A line',
    source: { token, remember },
  });
  return {
    subject,
    requestWith,
    rule(title, run) {
      void test(`${name}: ${title}`, run);
    },
    refOf: ({ key, account, amount, broker_fee_amount, payer, unit }, outcome) => ({
      key,
      account,
      amount,
      broker_fee_amount,
      unit,
      profile_id: payer.profile_id,
      intent_key: outcome?.outcome === 'action_required' ? outcome.intent_key : null,
      reserved_at: subject().now(),
    }),
    async charge(token) {
      const request = requestWith(token);
      const paid = await subject().processor.charge(request);
      assert(isAccepted(paid), paid.outcome);
      return { request, paid };
    },
    async stateOf({ processor_key }) {
      return (await subject().processor.retrieve({ processor_key, account: subject().account }))?.state;
    },
  };
}
