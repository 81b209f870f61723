import { apiClient } from './client.ts';
import type { TestApp } from './start-app.ts';

/** The part of a response that tests of decisions read. */
interface Decided {
  status: number;
  text: string;
  json<T = Record<string, unknown>>(): T;
}

/**
 * Decides a charge as the payer, the bank or the issuer would, at the processor of the site. Its messages are delivered
 * and handled before it returns.
 */
export async function decideCharge(
  app: TestApp,
  key: string,
  state: 'disputed' | 'won' | 'lost' | 'done' | 'failed',
): Promise<Decided> {
  if (!app.world) return apiClient(app)('POST', `/_dev/processor/charges/${key}`, { state });
  const { status, body } = await app.world.decideCharge(key, state);
  await app.world.deliver();
  await app.tollgate.worker.drain();
  return { status, text: JSON.stringify(body), json: <T>() => body as T };
}
