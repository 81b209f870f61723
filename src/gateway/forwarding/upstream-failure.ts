import { codeOfError } from '#platform/http/replies/error-code';

/** `caller_slow`: the caller sends its body or reads the response too slowly. `busy`: the caller has no stream left. */
export type FailureReason = 'unreachable' | 'slow' | 'caller_gone' | 'caller_slow' | 'busy';

/** Reports that a forwarded request got no response of the upstream. */
export class UpstreamFailure extends Error {
  readonly reason: FailureReason;
  constructor(reason: FailureReason, cause: unknown) {
    super(`the upstream is ${reason}`, { cause });
    this.name = 'UpstreamFailure';
    this.reason = reason;
  }
}

/** Returns the reason of an error of the connection: `slow` if the response did not begin in time. */
export function findFailureReason(error: unknown): FailureReason {
  return codeOfError(error) === 'UND_ERR_HEADERS_TIMEOUT' ? 'slow' : 'unreachable';
}
