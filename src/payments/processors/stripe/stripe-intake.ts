import type { Stripe } from 'stripe';
import type { EventIntake, ProcessorEvent, ProcessorEventType } from '../event-intake.ts';
import { idOf } from './intent-outcome.ts';
import { callOptions } from './stripe-client.ts';

const HEADER = 'stripe-signature';
const HEADER_LENGTH_MAX = 1024;

/** Maximum difference between the time of the signature and the time of intake, in either direction. */
const TOLERANCE_S = 300;

const EVENT_ID = /^evt_[A-Za-z0-9_]{1,200}$/;
const TYPE_LENGTH_MAX = 100;

/**
 * Types that one list can name, so that a sweep makes several lists for each account. The alternatives cost more: a
 * wildcard covers one family of types, and a list of all types shows what other programs do with the account.
 */
const TYPES_MAX = 20;

/** Types that a handler depends on, with the kind of the object that changed. */
// oxfmt-ignore
const EVENT_TYPES: ReadonlyMap<string, ProcessorEventType> = new Map([
  ...kindOf('charge', 'payment_intent.succeeded payment_intent.payment_failed payment_intent.processing ' +
    'payment_intent.canceled charge.succeeded charge.failed charge.updated'),
  ...kindOf('refund', 'charge.refunded charge.refund.updated refund.created refund.updated refund.failed'),
  ...kindOf('dispute', 'charge.dispute.created charge.dispute.updated charge.dispute.closed ' +
    'charge.dispute.funds_withdrawn charge.dispute.funds_reinstated'),
  ...kindOf('account', 'account.updated account.application.deauthorized'),
  ...kindOf('share', 'application_fee.created'),
  ...kindOf('fee', 'application_fee.refunded'),
  ...kindOf('action', 'payment_intent.requires_action'),
  ...kindOf('payment', 'checkout.session.completed checkout.session.expired checkout.session.async_payment_succeeded ' +
    'checkout.session.async_payment_failed'),
  ...kindOf('setup', 'setup_intent.succeeded setup_intent.setup_failed'),
  ...kindOf('warning', 'radar.early_fraud_warning.created radar.early_fraud_warning.updated'),
  ...kindOf('card', 'payment_method.automatically_updated payment_method.updated payment_method.detached'),
  ...kindOf('customer', 'customer.deleted'),
  ...kindOf('payout', 'payout.created payout.updated payout.paid payout.failed payout.canceled ' +
    'payout.reconciliation_completed'),
]);

function kindOf(kind: ProcessorEventType, types: string): (readonly [string, ProcessorEventType])[] {
  return types.split(' ').map((type) => [type, kind] as const);
}

/** The client with the newest key. */
interface EventSource {
  readonly client: Stripe;
  refresh(): Promise<void>;
}

/** Types that an endpoint of the site sends. */
export const event_types: readonly string[] = [...EVENT_TYPES.keys()];

/**
 * Makes the intake of webhooks. Only the package verifies a signature, over the bytes as they came; what it throws, of
 * any class, is a refusal. `isLive` is the mode of the key: an event of the other mode concerns no charge.
 */
export function makeStripeIntake(source: EventSource, isLive: boolean): EventIntake {
  return {
    verify(raw, headers, secrets, now) {
      const header = headers[HEADER];
      if (typeof header !== 'string' || header.length > HEADER_LENGTH_MAX || isFuture(header, now)) return null;
      for (const secret of secrets) {
        try {
          const received_at = now.getTime();
          return readEvent(
            source.client.webhooks.constructEvent(raw, header, secret, TOLERANCE_S, undefined, received_at),
            isLive,
          );
        } catch {
          // Signed with another secret, or no event at all.
        }
      }
      return null;
    },
    async *listEvents(account, since) {
      await source.refresh();
      const created = { gte: Math.floor(since.getTime() / 1000) };
      const types = event_types;
      for (let start = 0; start < types.length; start += TYPES_MAX) {
        const params = { types: types.slice(start, start + TYPES_MAX), created, limit: 100 };
        for await (const listed of source.client.events.list(params, callOptions(account))) {
          const event = readEvent(listed, isLive);
          // A list on an account does not name it.
          if (event !== null) yield { ...event, account };
        }
      }
    },
  };
}

/** The package accepts a signature of the future. With several times the last one counts, as in the package. */
function isFuture(header: string, now: Date): boolean {
  const times = header.split(',').flatMap((part) => (part.startsWith('t=') ? Number(part.slice(2)) : []));
  const time = times.at(-1);
  return time === undefined || !(time <= now.getTime() / 1000 + TOLERANCE_S);
}

/** Fields of an event before they were checked. The package parses any JSON. */
interface RawEvent {
  object: unknown;
  id: unknown;
  type: unknown;
  livemode: boolean;
  account?: string;
}

function readEvent(event: Stripe.Event, isLive: boolean): ProcessorEvent | null {
  const { object: kind_of, id, type, livemode, account = '' }: RawEvent = event;
  if (kind_of !== 'event' || typeof id !== 'string' || !EVENT_ID.test(id)) return null;
  if (typeof type !== 'string' || type === '' || type.length > TYPE_LENGTH_MAX) return null;
  const kind = livemode === isLive ? EVENT_TYPES.get(type) : undefined;
  return { id, ...(kind === undefined ? unused : objectOf(kind, event.data.object)), account };
}

/** What an event is about. */
type Concern = Pick<ProcessorEvent, 'type' | 'object'>;
const unused: Concern = { type: 'other', object: '' };

/** Fields of the objects of events. The rest of an event is never read: the state comes from a call. */
interface EventObject {
  object?: string;
  id?: string;
  charge?: string | { id: string } | null;
  latest_charge?: string | { id: string } | null;
}

/** Kinds of objects that are handled with the charge that they name. */
const ABOUT_A_CHARGE: ReadonlySet<unknown> = new Set([
  'refund',
  'dispute',
  'application_fee',
  'radar.early_fraud_warning',
]);

/** Returns what an event is about: its object, or the charge that the object names. */
function objectOf(type: ProcessorEventType, given: object): Concern {
  const { object, id, charge, latest_charge }: EventObject = given;
  const own = typeof id === 'string' ? { type, object: id } : unused;
  if (object === 'payment_intent' && type === 'charge') {
    const charge_key = idOf(latest_charge ?? null);
    // Without a charge nothing was taken: only an attempt that waits for its payer is concerned.
    return charge_key === null
      ? { ...own, type: own.object === '' ? 'other' : 'payment' }
      : { type, object: charge_key };
  }
  if (!ABOUT_A_CHARGE.has(object)) return own;
  const charge_key = idOf(charge ?? null);
  return charge_key === null ? unused : { type, object: charge_key };
}
