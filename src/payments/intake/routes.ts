import type { IncomingHttpHeaders } from 'node:http';
import { Type } from 'typebox';
import type { Clock } from '#platform/clock';
import type { App } from '#platform/http/app';
import { throttleProblems } from '#platform/security/throttle';
import { paymentsProblems } from '../problems.ts';
import type { Processors } from '../processors/index.ts';
import type { EventInbox } from './event-inbox.ts';
import { isConcerned, storedEvent } from './event-store.ts';

/** Secrets of the two endpoints of Stripe: for the broker's account, and for accounts of providers. */
export interface WebhookSecrets {
  platform: readonly string[];
  connect: readonly string[];
}

interface Needs {
  processors: Processors;
  inbox: EventInbox;
  clock: Clock;
  secrets: WebhookSecrets;
}

/** Processor whose messages the routes take. */
const STRIPE = 'stripe';

/** Longest message of Stripe. */
const BODY_BYTES_MAX = 262_144;

/** Longest signature. Units: characters. */
const SIGNATURE_LENGTH_MAX = 1024;

/** Signed messages of one second, more than Stripe sends to a site. */
const PER_SECOND_MAX = 2000;

/**
 * Routes of the webhooks of Stripe. Each answers when the message is stored, and reads neither a cookie nor the caller:
 * the signature over the bytes is the credential.
 */
export function webhookRoutes(app: App, needs: Needs): void {
  const isWithinRate = makeRate(needs.clock);
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_BYTES_MAX }, (_request, body, done) =>
      done(null, body),
    );
    for (const [url, secrets, isConnect] of [
      ['/api/stripe/postevent', needs.secrets.platform, false],
      ['/api/stripe/postevent/connect', needs.secrets.connect, true],
    ] as const) {
      scope.post(
        url,
        {
          bodyLimit: BODY_BYTES_MAX,
          config: {
            access: { kind: 'public' },
            bare: true,
            problems: [
              paymentsProblems.signature_absent,
              paymentsProblems.signature_invalid,
              throttleProblems.too_many_requests,
            ],
          },
          // Only Stripe can call it: docs/operating/payments.md.
          schema: { hide: true, response: { 200: Type.String() } },
        },
        async ({ body, headers }, reply) => {
          if (!hasSignature(headers)) throw paymentsProblems.signature_absent();
          const raw = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
          const event = intakeOf(needs, secrets)?.verify(raw, headers, secrets, needs.clock.now()) ?? null;
          if (event === null) throw paymentsProblems.signature_invalid();
          // Counted after the signature, so that requests of other senders cannot use up the limit.
          if (!isWithinRate()) throw throttleProblems.too_many_requests({ retry_after_s: 1 });
          // An event that came to the endpoint of other accounts is not trusted.
          const isHere = (event.account !== '') === isConnect;
          if (!isHere) needs.inbox.ignore('endpoint');
          else if (isConcerned(event)) await needs.inbox.put(storedEvent(STRIPE, event));
          else needs.inbox.ignore('unused');
          return reply.type('text/plain').send('OK');
        },
      );
    }
  });
}

/** A signature that was sent twice is one text with a comma, which no secret matches. */
function hasSignature({ 'stripe-signature': signature }: IncomingHttpHeaders): boolean {
  return typeof signature === 'string' && signature !== '' && signature.length <= SIGNATURE_LENGTH_MAX;
}

/** Null without a secret: no message is signed by it. */
function intakeOf({ processors }: Needs, secrets: readonly string[]) {
  return secrets.length === 0 ? null : processors.getByName(STRIPE).intake;
}

/** Counts the signed messages of each second, in this process. */
function makeRate(clock: Clock): () => boolean {
  let [second, count] = [0, 0];
  return () => {
    const now = Math.floor(clock.now().getTime() / 1000);
    if (now !== second) [second, count] = [now, 0];
    count += 1;
    return count <= PER_SECOND_MAX;
  };
}
