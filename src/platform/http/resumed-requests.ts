import type { IncomingMessage } from 'node:http';

/** A request that began on the memory path and continues in the router. */
export interface ResumedRequest {
  readonly id: string;
  readonly started_at_ms: number;
}

const resumed = new WeakMap<IncomingMessage, ResumedRequest>();

/** Returns the identity of a request that the memory path gave to the router, or null. */
export function findResumed(request: IncomingMessage): ResumedRequest | null {
  return resumed.get(request) ?? null;
}

/** Keeps the identity of a request for the router. */
export function keepResumed(request: IncomingMessage, { id, started_at_ms }: ResumedRequest): void {
  resumed.set(request, { id, started_at_ms });
}
