import assert from 'node:assert/strict';
import { openLinkKey } from '#platform/security/link-keys';
import type { RunningEmulator } from '#stripe-emulator';
import { type Call, type ChangeSite, expectStatus } from './changes.ts';

/** Returns the address of the link in mails that ask to confirm a renewal; there is one case. */
export async function finishUrl({ app }: Pick<ChangeSite, 'app'>): Promise<string> {
  const [link, ...others] = await app.db.selectFrom('finish_links').select('key').execute();
  assert(link !== undefined && others.length === 0, 'one case has a link');
  return `/billing/finish/${openLinkKey(link.key)}/`;
}

/** A payment at the emulator of Stripe. */
export interface Intent {
  id: string;
  status: string;
  metadata: Record<string, string>;
}

export const intentsOf = ({ control }: RunningEmulator) =>
  control.objects('payment_intent') as unknown as readonly Intent[];

/** Acts as the bank, or as the provider at Stripe. */
export async function actAt({ url }: RunningEmulator, path: string, to: string): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ to });
  const response = await fetch(`${url}/_emulator/${path}`, { method: 'POST', headers, body });
  assert(response.ok, `${path}: ${response.status}`);
}

/** The bank confirms the only payment that asks for it. */
export async function approveAt(emulator: RunningEmulator): Promise<void> {
  const [waiting, ...others] = intentsOf(emulator).filter(({ status }) => status === 'requires_action');
  assert(waiting && others.length === 0, 'one payment waits');
  await actAt(emulator, `payment_intents/${waiting.id}`, 'approve');
}

/** Buys a plan with a card that asks at each payment, confirms it, and keeps the card. */
export async function buyWithConfirmation(
  emulator: RunningEmulator,
  call: Call,
  { payer, plan }: { payer: string; plan: string },
): Promise<void> {
  await expectStatus(call('POST', '/api/cart', { plan }), 201);
  await expectStatus(call('GET', `/api/billing/${payer}/checkout`), 200);
  const body = { processor_token: 'pm_card_authenticationRequired', remember_card: true };
  await expectStatus(call('POST', `/api/billing/${payer}/checkout`, body), 402);
  await approveAt(emulator);
  await expectStatus(call('GET', '/billing/cart/finish/'), 303);
}
