import { parseDatabaseUrl } from '#platform/db/database-hosts';
import { refuseForwardedHeader } from '#platform/http/forwardable-header';
import type { Config } from '../config.ts';
import { findInvalidStripeSettings } from './stripe-settings.ts';
import { networkOfProxy } from './trusted-proxy.ts';

/** A host name or address with an optional port, as a Host header gives it. */
const HOST = /^(?:\[[0-9a-f:.]+\]|[a-z0-9_](?:[-a-z0-9_.]*[a-z0-9_])?)(?::[0-9]{1,5})?$/i;

/** Returns one line per setting whose value has the right kind and is invalid nevertheless. Pure. */
export function findInvalidSettings(config: Config): string[] {
  const errors: string[] = [];
  if (config.secret_key !== null && config.secret_key.length < 32)
    errors.push('SECRET_KEY: must have at least 32 characters.');
  if (config.secret_key === null && config.database_url !== null)
    errors.push('SECRET_KEY: is required together with DATABASE_URL.');
  const hosts = config.database_url === null ? null : parseDatabaseUrl(config.database_url);
  if (hosts && 'error' in hosts) errors.push(`DATABASE_URL: ${hosts.error}`);
  if (!/^[^\s@<>,;]+@[^\s@<>,;]+$/.test(config.site_email)) errors.push('SITE_EMAIL: must be one e-mail address.');
  for (const host of config.allowed_hosts)
    if (!HOST.test(host)) errors.push(`ALLOWED_HOSTS: "${host}" is not a host name; wildcards are not supported.`);
  for (const proxy of config.trusted_proxies)
    if (networkOfProxy(proxy) === null)
      errors.push(`TRUSTED_PROXIES: "${proxy}" is not an address, a range such as 10.0.0.0/8, or loopback.`);
  for (const name of config.forwarded_headers) {
    const reason = refuseForwardedHeader(name.toLowerCase());
    if (reason !== null) errors.push(`FORWARDED_HEADERS: ${name} ${reason}.`);
  }
  errors.push(...findInvalidStripeSettings(config));
  return errors;
}
