import { createHmac, timingSafeEqual } from 'node:crypto';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { EventIntake, ProcessorEvent, ProcessorEventType, RequestHeaders } from '../event-intake.ts';

export const TEST_SIGNATURE_HEADER = 'tollgate-test-signature';

/** Maximum difference between the time of the signature and the time of intake, in either direction. */
const TOLERANCE_S = 300;

const eventBody = Compile(
  Type.Object({
    id: Type.String({ minLength: 1, maxLength: 255 }),
    type: Type.String({ minLength: 1, maxLength: 100 }),
    object: Type.String({ minLength: 1, maxLength: 255 }),
    account: Type.String({ maxLength: 255 }),
  }),
);

const types: Readonly<Record<string, ProcessorEventType>> = {
  'charge.updated': 'charge',
  'charge.refunded': 'refund',
  'charge.disputed': 'dispute',
  'payout.updated': 'payout',
};

/** Builds the request that the test processor sends about an object: the bytes and the headers with their signature. */
export function signTestEvent(
  event: { id: string; type: string; object: string; account: string },
  secret: string,
  at: Date,
): { raw: Buffer; headers: RequestHeaders } {
  const raw = Buffer.from(JSON.stringify(event));
  const t = Math.floor(at.getTime() / 1000);
  return { raw, headers: { [TEST_SIGNATURE_HEADER]: `t=${t},v1=${signatureOf(t, raw, secret)}` } };
}

export const testIntake: EventIntake = {
  verify(raw, headers, secrets, now) {
    const header = headers[TEST_SIGNATURE_HEADER];
    const match = typeof header === 'string' ? /^t=([0-9]{1,12}),v1=([0-9a-f]{64})$/.exec(header) : null;
    if (!match) return null;
    const t = Number(match[1]);
    if (Math.abs(now.getTime() / 1000 - t) > TOLERANCE_S) return null;
    const given = Buffer.from(match[2] ?? '', 'hex');
    const isSigned = secrets.some((secret) => timingSafeEqual(given, Buffer.from(signatureOf(t, raw, secret), 'hex')));
    return isSigned ? parseEvent(raw) : null;
  },
  // Decisions at the test processor are delivered at once.
  async *listEvents() {},
};

function parseEvent(raw: Buffer): ProcessorEvent | null {
  let body: unknown;
  try {
    body = JSON.parse(raw.toString('utf8'));
  } catch {
    return null;
  }
  if (!eventBody.Check(body)) return null;
  const type = Object.hasOwn(types, body.type) ? types[body.type] : undefined;
  return { id: body.id, type: type ?? 'other', object: body.object, account: body.account };
}

function signatureOf(t: number, raw: Buffer, secret: string): string {
  return createHmac('sha256', secret).update(`${t}.`).update(raw).digest('hex');
}
