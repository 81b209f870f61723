import {
  planDelivery,
  presentObject,
  scopeOf,
  type DeliveryRow,
  type Fault,
  type StoredEvent,
} from '../engine/index.ts';
import type { Emulator } from '../server/index.ts';
import { signatureHeader } from './sign.ts';
import type { WebhookEndpoint } from './webhook-endpoints.ts';

/** A delivery that was tried, as the control API shows it. */
export interface Attempt {
  readonly event: string;
  readonly type: string;
  readonly endpoint: string;
  readonly url: string;
  readonly at: number;
  readonly attempt: number;
  /** Null when no response came. */
  readonly status: number | null;
}

const IN_FLIGHT_MAX = 16;
const TIMEOUT_MS = 10_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Gaps before the second, third, … attempt; the last one repeats until three days after the event. */
const GAPS_MS = [
  10_000,
  MINUTE_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  12 * HOUR_MS,
];
const LIFE_MS = 72 * HOUR_MS;
const ATTEMPTS_KEPT = 1_000;
const HUGE_BYTES = 2 * 1024 * 1024;
const OLD_S = 3_600;
const FUTURE_S = 365 * 86_400;

/** Sends events to webhook endpoints: started in the order of creation, up to 16 at once, repeated by the clock. */
export class Dispatcher {
  readonly attempts: Attempt[] = [];
  /** Called before each delivery; for tests in the same process. */
  onWebhook: (event: Record<string, unknown>, url: string) => void = () => {};
  readonly #emulator: Emulator;
  readonly #in_flight = new Map<string, Promise<void>>();
  #pumping: Promise<void> | null = null;
  #is_stopped = false;

  constructor(emulator: Emulator) {
    this.#emulator = emulator;
  }

  /** Sends everything that is due and resolves after the last response. */
  pump(): Promise<void> {
    this.#pumping ??= this.#run().finally(() => {
      this.#pumping = null;
    });
    return this.#pumping;
  }

  /** Returns the instant of the next delivery in milliseconds. */
  nextAt(): number | null {
    const waiting = this.#rows().filter(({ id }) => !this.#in_flight.has(id));
    return waiting.length === 0 ? null : Math.min(...waiting.map(({ at_ms }) => at_ms));
  }

  async stop(): Promise<void> {
    this.#is_stopped = true;
    await Promise.allSettled(this.#in_flight.values());
  }

  /** Sends an event again to every endpoint that had it. */
  redeliver(id: string): boolean {
    const row = this.#emulator.world.row(id);
    if (row?.kind !== 'event') return false;
    const { world } = this.#emulator;
    for (const value of world.all({ ...scopeOf(row.scope), account: '' }, 'webhook_endpoint')) {
      const endpoint = value as WebhookEndpoint; // by kind
      if (endpoint['deleted'] !== true && endpoint.$.is_connect === (scopeOf(row.scope).account !== ''))
        planDelivery(world, id, endpoint.id, world.time_ms);
    }
    this.#emulator.commit();
    return true;
  }

  async #run(): Promise<void> {
    for (;;) {
      if (this.#is_stopped) return;
      const due = this.#rows()
        .filter(({ id, at_ms }) => !this.#in_flight.has(id) && at_ms <= this.#emulator.clock_ms)
        .toSorted((a, b) => a.at_ms - b.at_ms || a.order - b.order);
      for (const row of due.slice(0, IN_FLIGHT_MAX - this.#in_flight.size)) this.#start(row);
      if (this.#in_flight.size === 0) return;
      await Promise.race(this.#in_flight.values());
    }
  }

  #rows(): DeliveryRow[] {
    return this.#emulator.world.internal('_delivery') as DeliveryRow[]; // only planDelivery keeps rows of this kind
  }

  #start(row: DeliveryRow): void {
    const sent = this.#deliver(row)
      .catch((error: unknown) => this.#emulator.onBug(error))
      .finally(() => this.#in_flight.delete(row.id));
    this.#in_flight.set(row.id, sent);
  }

  async #deliver(row: DeliveryRow): Promise<void> {
    const { world } = this.#emulator;
    const event = world.row(row.event)?.value as StoredEvent | undefined;
    const endpoint = world.row(row.endpoint)?.value as WebhookEndpoint | undefined;
    if (!event || endpoint?.status !== 'enabled') return this.#finish(row, true);
    const faults = row.attempt === 0 ? this.#faultsOf(event, endpoint) : [];
    if (faults.some(({ name }) => name === 'hook_drop')) return this.#finish(row, false);
    const delay = faults.find(({ name }) => name === 'hook_delay' || name === 'hook_reorder');
    if (delay) {
      this.#postpone(row, this.#delayOf(delay, row));
      return;
    }
    const body = this.#bodyOf(event, endpoint, faults);
    const copies = this.#copiesOf(faults);
    let status: number | null = null;
    for (let copy = 0; copy < copies; copy++) status = await this.#post(row, event, endpoint, body, faults);
    if (faults.some(({ name }) => name === 'hook_twin')) await this.#postTwin(row, event, endpoint);
    if (status !== null && status >= 200 && status < 300) this.#finish(row, true);
    else this.#retry(row, event);
  }

  #faultsOf(event: StoredEvent, { url }: WebhookEndpoint): Fault[] {
    const target = { method: 'POST', path: url, account: event.account ?? '', body: event.id, type: event.type };
    return this.#emulator.faults.pick(target, 'hook');
  }

  #copiesOf(faults: readonly Fault[]): number {
    const fault = faults.find(({ name }) => name === 'hook_duplicate');
    return fault ? Number(fault.values['n'] ?? 1) + 1 : 1;
  }

  /** `hook_reorder` delays by up to `window` seconds; the order of the row decides, so that a run repeats. */
  #delayOf({ name, values }: Fault, row: DeliveryRow): number {
    if (name === 'hook_delay') return Number(values['s'] ?? 60) * 1000;
    const window_s = Number(values['window'] ?? 10);
    return ((row.order * 7919) % (window_s * 1000)) + 1;
  }

  #postpone(row: DeliveryRow, ms: number): void {
    this.#emulator.world.keep({ ...row, attempt: 1, at_ms: this.#emulator.world.time_ms + ms });
    this.#emulator.commit();
  }

  #bodyOf(event: StoredEvent, { api_version }: WebhookEndpoint, faults: readonly Fault[]): string {
    const scope = { account: event.account ?? '', livemode: event.livemode };
    const shown = presentObject(this.#emulator.contextOf(scope), event, []);
    if (typeof api_version === 'string') shown['api_version'] = api_version;
    for (const { name } of faults) {
      if (name === 'hook_other_account') shown['account'] = 'acct_unknown';
      if (name === 'hook_other_mode') shown['livemode'] = !event.livemode;
      if (name === 'hook_huge') shown['padding'] = 'x'.repeat(HUGE_BYTES);
    }
    return JSON.stringify(shown, undefined, 2);
  }

  /** Sends another event object for the same change. */
  async #postTwin(row: DeliveryRow, event: StoredEvent, endpoint: WebhookEndpoint): Promise<void> {
    const { world } = this.#emulator;
    const scope = { account: event.account ?? '', livemode: event.livemode };
    const twin = world.insert(scope, { ...event, id: world.nextId('evt', scope) });
    this.#emulator.commit();
    await this.#post(row, twin, endpoint, this.#bodyOf(twin, endpoint, []), []);
  }

  async #post(
    row: DeliveryRow,
    event: StoredEvent,
    endpoint: WebhookEndpoint,
    body: string,
    faults: readonly Fault[],
  ): Promise<number | null> {
    const has = (name: string) => faults.some((fault) => fault.name === name);
    const now_ms = this.#emulator.clock_ms;
    const shift_s = (has('hook_old') ? -OLD_S : 0) + (has('hook_future') ? FUTURE_S : 0);
    const { secret, older } = endpoint.$;
    const secrets = older && older.until_ms > now_ms ? [secret, older.secret] : [secret];
    const signed = has('hook_bad_signature') ? ['whsec_another'] : secrets;
    this.onWebhook({ id: event.id, type: event.type }, endpoint.url);
    const status = await fetch(endpoint.url, {
      method: 'POST',
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        'Content-Type': 'application/json; charset=utf-8',
        'User-Agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
        'Stripe-Signature': signatureHeader(body, signed, Math.floor(now_ms / 1000) + shift_s),
      },
    }).then(
      async (response) => {
        await response.body?.cancel();
        return response.status;
      },
      () => null,
    );
    const { type, id } = event;
    const at = Math.floor(now_ms / 1000);
    this.attempts.push({
      event: id,
      type,
      endpoint: endpoint.id,
      url: endpoint.url,
      at,
      attempt: row.attempt + 1,
      status,
    });
    if (this.attempts.length > ATTEMPTS_KEPT) this.attempts.shift();
    return status;
  }

  /** Ends a delivery; a successful one counts down `pending_webhooks`. */
  #finish(row: DeliveryRow, is_done: boolean): void {
    const { world } = this.#emulator;
    const event = world.row(row.event)?.value as StoredEvent | undefined;
    if (event && is_done) world.patch(event, { pending_webhooks: Math.max(0, event.pending_webhooks - 1) });
    world.remove(row.id);
    this.#emulator.commit();
  }

  #retry(row: DeliveryRow, event: StoredEvent): void {
    const gap = (GAPS_MS[row.attempt] ?? 12 * HOUR_MS) / this.#emulator.settings.webhook_retry_divisor;
    const at_ms = this.#emulator.clock_ms + gap;
    const life = LIFE_MS / this.#emulator.settings.webhook_retry_divisor;
    if (at_ms - event.created * 1000 > life) return this.#finish(row, false);
    this.#emulator.world.keep({ ...row, attempt: row.attempt + 1, at_ms });
    this.#emulator.commit();
  }
}
