/** Fields of `error` besides type, code, message and param. */
export interface ErrorExtra {
  readonly decline_code?: string | undefined;
  readonly advice_code?: string | undefined;
  readonly network_decline_code?: string | undefined;
  /** Objects inside the error; the dispatcher presents them. */
  readonly objects?: Readonly<Record<string, unknown>>;
}

/** A refused call. The dispatcher writes it as Stripe does; absent fields are left out. */
export class ApiError extends Error {
  readonly status: number;
  readonly type: string;
  readonly code: string | undefined;
  readonly param: string | undefined;
  readonly extra: ErrorExtra;
  readonly headers: Readonly<Record<string, string>>;
  /** The changes of the call stay: a declined payment leaves a failed charge. */
  readonly keeps_changes: boolean;

  constructor(
    status: number,
    head: { type: string; code?: string | undefined; message: string; param?: string | undefined },
    extra: ErrorExtra = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(head.message);
    this.status = status;
    this.type = head.type;
    this.code = head.code;
    this.param = head.param;
    this.extra = extra;
    this.headers = headers;
    this.keeps_changes = status === 402;
  }
}

/** A 400 of Stripe: the parameters or the state forbid the call. */
export function invalidRequest(
  code: string | undefined,
  message: string,
  param?: string,
  objects?: Readonly<Record<string, unknown>>,
): ApiError {
  return new ApiError(400, { type: 'invalid_request_error', code, message, param }, objects ? { objects } : {});
}

/** An id that names nothing here: 404 in the path, 400 inside parameters. */
export function missingObject(kind: string, id: string, param?: string): ApiError {
  const message = `No such ${kind.replaceAll('_', ' ').replace('payment intent', 'payment_intent')}: '${id}'`;
  const head = { type: 'invalid_request_error', code: 'resource_missing', message, param: param ?? 'id' };
  return new ApiError(param === undefined ? 404 : 400, head);
}

/** 501: Stripe has this, the emulator has not. */
export function unsupported(what: string): ApiError {
  const message = `The emulator does not support ${what}.`;
  return new ApiError(501, { type: 'api_error', code: 'emulator_unsupported', message });
}
