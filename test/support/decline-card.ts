import assert from 'node:assert/strict';
import type { RunningEmulator } from '#stripe-emulator';

/** Makes a card at the emulator decline as a test card of Stripe does: the bank decides so after it was saved. */
export async function makeCardDecline(emulator: RunningEmulator, method_key: string, test_card: string): Promise<void> {
  const url = `${emulator.url}/_emulator/state`;
  const state = (await (await fetch(url)).json()) as {
    rows: { value: { id: string; $?: { card?: string; is_set_up?: boolean } } }[];
  };
  for (const { value } of state.rows)
    if (value.id === method_key) value.$ = { ...value.$, card: test_card, is_set_up: false };
  const response = await fetch(url, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(state),
  });
  assert(response.ok, String(response.status));
}
