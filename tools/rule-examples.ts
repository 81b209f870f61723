/**
 * One example of each operator, by number: the rule as JSON, and a caller who passes and one who is refused.
 * docs/reference/rules.md shows them and rule-examples.db.test.ts executes them.
 *
 * The actors: `acme` is a profile that subscribes to the plan `premium` of the provider `prov`; the broker runs the
 * site.
 */
export type Actor =
  | 'visitor'
  | 'user'
  | 'contributor'
  | 'manager'
  | 'provider_contributor'
  | 'provider_manager'
  | 'broker_contributor'
  | 'broker_manager'
  | 'unsigned'
  | 'passwordless';

export const actors: Readonly<Record<Actor, string>> = {
  visitor: 'a visitor who has not signed in',
  user: 'a signed-in user without a role on `acme`',
  contributor: 'a contributor of `acme`',
  manager: 'a manager of `acme`',
  provider_contributor: 'a contributor of `prov`',
  provider_manager: 'a manager of `prov`',
  broker_contributor: 'a contributor of the broker',
  broker_manager: 'a manager of the broker',
  unsigned: 'a user who has not signed the terms of use',
  passwordless: 'a user without a password',
};

interface Call {
  readonly actor: Actor;
  readonly method: 'GET' | 'POST';
  /** `{self}` is replaced by the name of the caller. */
  readonly path: string;
}

export interface RuleExample {
  /** Body of `POST /api/proxy/rules`. */
  readonly rule: { readonly path: string; readonly allow: string; readonly is_forward: true };
  readonly passes: Call;
  /** Null for the operator that refuses no caller. */
  readonly refused: (Call & { readonly status: number; readonly code: string }) | null;
}

const get = (actor: Actor, path: string): Call => ({ actor, method: 'GET', path });
const post = (actor: Actor, path: string): Call => ({ actor, method: 'POST', path });
const role_required = { status: 403, code: 'role_required' } as const;

/** A rule for the profile in the path, and calls of a page of `acme`. */
function onProfile(allow: string, passes: (path: string) => Call, refused: (path: string) => Call): RuleExample {
  const path = '/app/acme/';
  return {
    rule: { path: '/app/{profile}/', allow, is_forward: true },
    passes: passes(path),
    refused: { ...refused(path), ...role_required },
  };
}

function onUser(allow: string, refused: Actor): RuleExample {
  return {
    rule: { path: '/people/{user}/', allow, is_forward: true },
    passes: post('user', '/people/{self}/'),
    refused: { ...get(refused, '/people/other-user/'), ...role_required },
  };
}

export const ruleExamples: readonly RuleExample[] = [
  {
    rule: { path: '/public/', allow: '0', is_forward: true },
    passes: get('visitor', '/public/'),
    refused: null,
  },
  {
    rule: { path: '/app/', allow: '1', is_forward: true },
    passes: get('user', '/app/'),
    refused: { ...get('visitor', '/app/'), status: 401, code: 'credentials_required' },
  },
  {
    rule: { path: '/app/', allow: '2/{"agreement": "terms-of-use"}', is_forward: true },
    passes: get('user', '/app/'),
    refused: { ...get('unsigned', '/app/'), status: 403, code: 'agreement_required' },
  },
  onProfile(
    '3/{"roledescription": "contributor"}',
    (path) => get('contributor', path),
    (path) => post('contributor', path),
  ),
  onProfile(
    '4/{"roledescription": "contributor"}',
    (path) => post('contributor', path),
    (path) => get('provider_manager', path),
  ),
  onProfile(
    '5',
    (path) => post('manager', path),
    (path) => get('contributor', path),
  ),
  onProfile(
    '6',
    (path) => get('provider_contributor', path),
    (path) => post('provider_contributor', path),
  ),
  onProfile(
    '7',
    (path) => post('provider_contributor', path),
    (path) => get('user', path),
  ),
  onProfile(
    '8',
    (path) => post('provider_manager', path),
    (path) => get('provider_contributor', path),
  ),
  onProfile(
    '9',
    (path) => get('provider_contributor', path),
    (path) => get('manager', path),
  ),
  onProfile(
    '10',
    (path) => post('provider_contributor', path),
    (path) => get('contributor', path),
  ),
  onProfile(
    '11',
    (path) => post('provider_manager', path),
    (path) => get('provider_contributor', path),
  ),
  onUser('12', 'user'),
  onUser('13/{"roledescription": "contributor"}', 'contributor'),
  onUser('14', 'manager'),
  {
    rule: { path: '/app/{profile}/', allow: '15/{"plan": "premium"}', is_forward: true },
    passes: get('contributor', '/app/acme/'),
    refused: { ...get('user', '/app/acme/'), status: 402, code: 'subscription_required' },
  },
  {
    rule: { path: '/archive/{profile}/', allow: '16/{"plan": "premium"}', is_forward: true },
    passes: get('manager', '/archive/acme/'),
    refused: { ...get('user', '/archive/acme/'), status: 402, code: 'subscription_required' },
  },
  {
    rule: { path: '/app/', allow: '17', is_forward: true },
    passes: get('user', '/app/'),
    refused: { ...get('passwordless', '/app/'), status: 403, code: 'password_required' },
  },
  onProfile(
    '18',
    (path) => get('provider_manager', path),
    (path) => post('provider_manager', path),
  ),
];
