/** Declaration of one problem of a room; its key in the table is the permanent code. */
export interface ProblemDefinition {
  readonly status: number;
  readonly title: string;
  readonly help?: string;
}

export interface ProblemExtra {
  /** Replaces the title in the response. */
  readonly detail?: string;
  /** Page that resolves the refusal: a same-site path. */
  readonly location?: string;
  /** Seconds until a retry can succeed. */
  readonly retry_after_s?: number;
  /** Further members of the JSON response, next to `detail` and `code`. */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** Field name (dotted for nested fields) to messages. */
export type FieldMessages = Readonly<Record<string, readonly string[]>>;

/**
 * An expected refusal: thrown by verbs, logged at info, sent to the caller, never reported as a bug.
 * src/platform/http/replies/problem-reply.ts makes the wire form.
 */
export class Problem extends Error {
  readonly code: string;
  readonly status: number;
  readonly fields: FieldMessages | null;
  readonly extra: ProblemExtra;

  constructor(
    code: string,
    definition: ProblemDefinition,
    extra: ProblemExtra = {},
    fields: FieldMessages | null = null,
  ) {
    super(extra.detail ?? definition.title, extra.cause === undefined ? undefined : { cause: extra.cause });
    this.name = 'Problem';
    this.code = code;
    this.status = definition.status;
    this.fields = fields;
    this.extra = extra;
  }
}

export type ProblemFactory = ((extra?: ProblemExtra) => Problem) & {
  readonly code: string;
  readonly definition: ProblemDefinition;
};

/** Makes a factory of each problem of a room: `throw catalogProblems.coupon_expired()`. */
export function defineProblems<const T extends Record<string, ProblemDefinition>>(
  definitions: T,
): { readonly [K in keyof T]: ProblemFactory } {
  const factories: Record<string, ProblemFactory> = {};
  for (const [code, definition] of Object.entries(definitions)) {
    factories[code] = Object.assign((extra?: ProblemExtra) => new Problem(code, definition, extra), {
      code,
      definition,
    });
  }
  return factories as { readonly [K in keyof T]: ProblemFactory };
}

export const inputProblems = defineProblems({
  invalid_input: { status: 400, title: 'Some fields need your attention.' },
  instant_out_of_range: { status: 400, title: 'This would lead to a date outside of the years 1900 to 9999.' },
  malformed_body: { status: 400, title: 'The body of the request could not be read.' },
});

/** Returns a 400 that names each invalid field: `throw invalidInput({ email: ['Enter an e-mail address.'] })`. */
export function invalidInput(fields: FieldMessages): Problem {
  return new Problem('invalid_input', inputProblems.invalid_input.definition, {}, fields);
}

export const commonProblems = defineProblems({
  not_found: { status: 404, title: 'Not found.' },
  permission_denied: { status: 403, title: 'You do not have permission to perform this action.' },
  credentials_required: { status: 401, title: 'Authentication credentials were not provided.' },
  credentials_invalid: { status: 401, title: 'These credentials are not valid or no longer valid.' },
});
