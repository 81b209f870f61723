import { createHmac } from 'node:crypto';

/** Returns the header `Stripe-Signature`: one `v1` per secret over `<second>.<body>`. */
export function signatureHeader(body: string, secrets: readonly string[], second: number): string {
  const signatures = secrets.map((secret) => {
    const hash = createHmac('sha256', secret).update(`${second}.${body}`).digest('hex');
    return `v1=${hash}`;
  });
  return [`t=${second}`, ...signatures].join(',');
}
