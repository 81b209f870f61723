import { Agent } from 'undici';
import { PrivateAddressError, publicConnector } from '#platform/security/public-address';
import { parseEntryPoint } from './change-proxy.ts';

export type ConnectionCheck =
  | { readonly kind: 'answered'; readonly status: number; readonly duration_ms: number }
  | { readonly kind: 'failed'; readonly reason: string };

const TIMEOUT_MS = 5000;

/**
 * Sends one GET to the address of an application and returns the status of the response or the cause of the failure.
 * Follows no redirect, reads no body and sends no session. Refuses private addresses as for forwarded requests.
 *
 * @throws invalid_input (400) naming `entry_point`
 */
export async function checkEntryPoint(
  entry_point: string,
  { private_addresses_allowed }: { private_addresses_allowed: boolean },
): Promise<ConnectionCheck> {
  const address = parseEntryPoint(entry_point, private_addresses_allowed);
  if (address === null) return { kind: 'failed', reason: 'There is no address to connect to.' };
  const { origin, pathname } = new URL(address);
  const agent = new Agent({
    connect: private_addresses_allowed ? { timeout: TIMEOUT_MS } : publicConnector(TIMEOUT_MS),
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
  });
  const started_ms = performance.now();
  try {
    const { statusCode, body } = await agent.request({
      origin,
      path: pathname,
      method: 'GET',
      headers: { 'user-agent': 'Tollgate connection test', accept: '*/*' },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    body.on('error', () => {}); // the check destroys the body below
    body.destroy();
    return { kind: 'answered', status: statusCode, duration_ms: Math.round(performance.now() - started_ms) };
  } catch (error) {
    return { kind: 'failed', reason: reasonOf(error) };
  } finally {
    await agent.destroy();
  }
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'The connection was refused: no program listens on that port.',
  ECONNRESET: 'The connection was closed before a response arrived.',
  UND_ERR_SOCKET: 'The connection was closed before a response arrived.',
  ENOTFOUND: 'The host name has no address.',
  EAI_AGAIN: 'The host name could not be resolved.',
  UND_ERR_CONNECT_TIMEOUT: 'The host did not accept a connection within 5 seconds.',
  UND_ERR_HEADERS_TIMEOUT: 'No response arrived within 5 seconds.',
  ERR_PRIVATE_ADDRESS: 'The name resolves to a private address. Set PRIVATE_ADDRESSES_ALLOWED=true to allow these.',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'The certificate is self-signed.',
  CERT_HAS_EXPIRED: 'The certificate has expired.',
  ERR_TLS_CERT_ALTNAME_INVALID: 'The certificate is for another host name.',
};

function reasonOf(error: unknown): string {
  if (error instanceof PrivateAddressError) return reasons[error.code] ?? error.message;
  if (!(error instanceof Error)) return 'The connection failed.';
  if (error.name === 'TimeoutError') return 'No response arrived within 5 seconds.';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return reasons[code] ?? `The connection failed (${code === '' ? error.name : code}).`;
}
