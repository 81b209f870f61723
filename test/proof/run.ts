import assert from 'node:assert/strict';
import { checkAgainstModel, snapshot } from './checks.ts';
import type { Command, Facts } from './commands/command.ts';
import { moveClock } from './commands/subscriptions.ts';
import type { Draw } from './draws.ts';
import type { Model } from './model/model.ts';
import type { Site } from './site.ts';

/** Counts of what a run did. */
export interface Tally {
  sequences: number;
  commands: number;
  refused: number;
  /** Commands by their first words. */
  kinds: Map<string, number>;
}

export const newTally = (): Tally => ({ sequences: 0, commands: 0, refused: 0, kinds: new Map() });

/** Gives commands one after the other, and compares the site with the model after each. */
export async function runSequence(
  { site, model }: { site: Site; model: Model },
  draws_given: readonly Draw[],
  tally: Tally,
): Promise<void> {
  const done: string[] = [];
  tally.sequences += 1;
  try {
    for (const draw of draws_given) {
      const { kind, commands } = draw(model);
      for (const command of commands) {
        done.push(command.text);
        await give(site, model, command, tally);
      }
      tally.kinds.set(kind, (tally.kinds.get(kind) ?? 0) + 1);
    }
    // Nothing stays open that a job of the next sequence would finish, or the processor would decide.
    await give(site, model, moveClock(12 + (model.terms.delay_ms ?? 0) / 60_000), tally);
    await checkAgainstModel(site, model, model.buyers);
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\nafter:\n${done.join('\n')}`, {
      cause: error,
    });
  }
}

export async function give(site: Site, model: Model, command: Command, tally: Tally): Promise<void> {
  const facts = await findFacts(site, model);
  const expected = command.expect(model, facts);
  if (expected === null) return;
  const { status, code } = expected;
  const isRefused = status >= 400 && status < 500;
  const options = { is_declined: code === 'card_declined' };
  // Delivers the events of earlier commands, which the sending of a command may do too.
  if (isRefused) await site.app.tollgate.worker.drain();
  const before = isRefused ? await snapshot(site.app, options) : null;
  const reply = await command.send(site, facts);
  const body = reply.text.startsWith('{')
    ? (JSON.parse(reply.text) as { code?: string; processor_key?: string; claim_code?: string })
    : {};
  assert.deepEqual([reply.status, body.code], [status, code], `${command.text}: ${reply.text.slice(0, 500)}`);
  if (before !== null)
    assert.deepEqual(await snapshot(site.app, options), before, `${command.text}: a refusal writes nothing`);
  if (expected.charge) expected.charge.key = body.processor_key ?? assert.fail('the response names the charge');
  if (expected.link) expected.link.code = body.claim_code ?? assert.fail('the response names the link');
  await nameCharges(site, model);
  await nameAdjustments(site, model);
  await checkAgainstModel(site, model, command.payers);
  tally.commands += 1;
  if (isRefused) tally.refused += 1;
}

/** Finds what commands choose from. */
export async function findFacts(site: Site, { buyers }: Model): Promise<Facts> {
  const [charges, adjustments] = [await site.findCharges(buyers), await site.findAdjustments(buyers)];
  return { charges, adjustments, links: site.links };
}

/** Adjustments get the keys that the site gave them. */
async function nameAdjustments(site: Site, model: Model): Promise<void> {
  const unnamed = model.adjustments.filter(({ key }) => key === '');
  if (unnamed.length === 0) return;
  const known = new Set(model.adjustments.map(({ key }) => key));
  const found = (await site.findAdjustments(model.buyers)).filter(({ key }) => !known.has(key));
  assert.equal(found.length, unnamed.length, 'adjustments');
  for (const adjustment of unnamed) {
    const amount = adjustment.parts.reduce((sum, part) => sum + part.amount, 0);
    const place_found = found.findIndex(
      (fact) =>
        fact.kind === adjustment.kind &&
        fact.provider === adjustment.provider &&
        fact.unit === adjustment.unit &&
        fact.amount === amount,
    );
    const [fact] = found.splice(place_found, 1);
    assert(place_found >= 0 && fact, `the site recorded the ${adjustment.kind} of ${amount} ${adjustment.unit}`);
    adjustment.key = fact.key;
  }
}

/** Charges that a job booked get the keys that the site gave them. */
async function nameCharges(site: Site, model: Model): Promise<void> {
  if (model.charges.every(({ key }) => key !== '')) return;
  const known = new Set(model.charges.map(({ key }) => key));
  const found = (await site.findCharges(model.buyers)).filter(({ key }) => !known.has(key));
  for (const charge of model.charges.filter(({ key }) => key === '')) {
    const place_found = found.findIndex(({ customer }) => customer === charge.customer);
    const [fact] = found.splice(place_found, 1);
    assert(place_found >= 0 && fact, `the job booked a charge of ${charge.customer}`);
    charge.key = fact.key;
  }
}
