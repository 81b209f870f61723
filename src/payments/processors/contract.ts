import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { testCardRules } from './contract-cards.ts';
import { testActionRules, testChargeRules } from './contract-charges.ts';
import { type ContractHarness, type ContractSubject, makeContractHarness } from './contract-harness.ts';
import { testIntakeRules } from './contract-intake.ts';
import { testPayoutRules } from './contract-payouts.ts';
import { testDisputeRules, testRefundRules } from './contract-refunds.ts';

/**
 * Defines the tests that every adapter passes. An adapter that cannot reach an outcome in its sandbox emulates it.
 * The suite needs neither the tables nor the ledger of Tollgate.
 */
export function testProcessorContract(name: string, open: () => Promise<ContractSubject>): void {
  let opened: ContractSubject | null = null;
  before(async () => {
    opened = await open();
  });
  after(() => opened?.close());
  const harness = makeContractHarness(name, () => {
    assert(opened, 'the processor is open');
    return opened;
  });
  testChargeRules(harness);
  testActionRules(harness);
  testRefundRules(harness);
  testDisputeRules(harness);
  testCardRules(harness);
  testPayoutRules(harness);
  testIntakeRules(harness);
  testConstants(harness);
}

function testConstants({ rule, subject }: ContractHarness): void {
  rule('capabilities and page parts are constants', async () => {
    const { processor, account } = subject();
    assert(processor.name.length > 0 && processor.minimum('usd') > 0);
    assert.equal(processor.units?.has('usd') ?? true, true);
    assert.deepEqual(processor.pageParts(), processor.pageParts());
    assert.deepEqual(processor.browserKeys(account), processor.browserKeys(account));
    assert.notEqual((await processor.payoutAccount(account))?.bank_name ?? '', '');
  });
}
