/** Keys of payment processors and their webhooks, and the secret part of a payment that its payer may confirm. */
const SECRETS = /\b(sk|rk|whsec)_[A-Za-z0-9_]+|_secret_[A-Za-z0-9]+/g;

/** Replaces the keys of payment processors anywhere in a line of the log. */
export function redactKeys(line: string): string {
  return line.replace(SECRETS, (_, prefix: string | undefined) => `${prefix ?? '_secret'}_[redacted]`);
}
