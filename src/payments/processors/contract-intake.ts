import assert from 'node:assert/strict';
import type { ContractHarness } from './contract-harness.ts';
import type { RequestHeaders } from './event-intake.ts';

/** Defines the rules of the intake of webhooks. */
// long: one rule after the other
export function testIntakeRules(harness: ContractHarness): void {
  const { rule } = harness;
  const secret = 'whsec_contract';
  const event = { id: 'evt_1', type: 'charge', object: 'ch_1' } as const;
  const verify = (request: { raw: Buffer; headers: RequestHeaders }, at: Date, secrets: string[] = [secret]) => {
    const { intake } = harness.subject().processor;
    assert(intake, 'the processor has an intake');
    return intake.verify(request.raw, request.headers, secrets, at);
  };

  rule('a signed event names the object that changed; a repeated request is read alike', async () => {
    const at = harness.subject().now();
    const request = harness.subject().signEvent(event, secret, at);
    const read = verify(request, at);
    assert.deepEqual([read?.type, read?.object], ['charge', 'ch_1']);
    assert.deepEqual(verify(request, at, ['whsec_new', secret]), read);
  });

  rule('an event of an unknown type is read as one that concerns no charge', async () => {
    const at = harness.subject().now();
    assert.equal(verify(harness.subject().signEvent({ ...event, type: 'unknown' }, secret, at), at)?.type, 'other');
  });

  rule('an event with a bad, absent, repeated, old or future signature, or other bytes, is refused', async () => {
    const at = harness.subject().now();
    const { raw, headers } = harness.subject().signEvent(event, secret, at);
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
    assert.equal(verify(harness.subject().signEvent({ ...event, id: '' }, secret, at), at), null);
  });
}
