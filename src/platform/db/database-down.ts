import pg from 'pg';
import { isQueryTimeout, ReadOnlyServerError } from './server-client.ts';

const networkCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EPIPE',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
// Messages of `pg` errors without a code: a connection broke during a query, or none was free in time.
const lostConnection =
  /^(Connection terminated|timeout expired|Client has encountered a connection error|timeout exceeded when trying to connect|Client was closed)/;

/** True if the database is unavailable: not reachable, shutting down, or out of connections. */
export function isDatabaseDown(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  // FATAL errors end or refuse a connection: shutdown, too many connections, maintenance. The others are connection
  // errors (08), exhausted resources (53), failures of the machine (58) and a server that became read-only (25006).
  if (error instanceof pg.DatabaseError) return error.severity === 'FATAL' || /^(08|53|58|57P0|25006)/.test(code);
  if (error instanceof ReadOnlyServerError || isQueryTimeout(error)) return true;
  return networkCodes.has(code) || lostConnection.test(error.message);
}
