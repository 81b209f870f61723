import Stripe from 'stripe';
import { startEmulator, type EmulatorOptions, type RunningEmulator } from '#stripe-emulator';

/** A clock that stands still until the emulator is advanced. */
export const standing_clock = { now: () => new Date('2026-11-27T12:00:00Z') };

/** An emulator with the official package pointed at it; only host, port and protocol differ from Stripe. */
export interface EmulatedStripe {
  readonly emulator: RunningEmulator;
  readonly stripe: Stripe;
  connect(key: string, options?: object): Stripe;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts an emulator on a free port, without retries of the package unless `options` say so. */
export async function startStripe(options: Partial<EmulatorOptions> = {}): Promise<EmulatedStripe> {
  const bugs: unknown[] = [];
  const emulator = await startEmulator({ clock: standing_clock, on_bug: (error) => bugs.push(error), ...options });
  const { hostname, port } = new URL(emulator.url);
  const connect = (key: string, more: object = {}) =>
    new Stripe(key, { host: hostname, port, protocol: 'http', telemetry: false, maxNetworkRetries: 0, ...more });
  return {
    emulator,
    stripe: connect('sk_test_tollgate'),
    connect,
    async [Symbol.asyncDispose]() {
      await emulator.stop();
      if (bugs.length > 0) throw bugs[0];
    },
  };
}

/** Returns what a call of the package rejects with. */
export async function failureOf(call: Promise<unknown>): Promise<Stripe.errors.StripeError> {
  const error = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof Stripe.errors.StripeError) return error;
  throw new Error('the call was expected to fail', { cause: error });
}
