import {
  choice,
  defineEndpoint,
  free,
  invalidRequest,
  pathId,
  required,
  text,
  type Context,
  type Kind,
  type Scope,
  type StoredObject,
} from '../engine/index.ts';
import { findAccount } from './accounts.ts';

/** A link to the onboarding page. It is single use, and is never in a response again. */
export interface AccountLink extends StoredObject {
  readonly account: string;
  readonly livemode: boolean;
  readonly refresh_url: string;
  readonly return_url: string;
  readonly expires_at: number;
  /** Proof of the page that used the link up; empty while it is unused, and after its form was sent. */
  readonly form_key: string;
  readonly is_used: boolean;
}

const LIFE_S = 300;
const URL_MAX = 2_000;
const TOKEN_LENGTH = 40;

const create = defineEndpoint(
  'POST /v1/account_links',
  {
    account: required(text(255)),
    type: required(choice('account_onboarding', 'account_update')),
    refresh_url: required(text(URL_MAX)),
    return_url: required(text(URL_MAX)),
    collect: choice('currently_due', 'eventually_due'),
    collection_options: free(),
  },
  (call, { account, refresh_url, return_url }) => {
    const { world, settings, scope } = call;
    const { id } = findAccount(call, account, 'account');
    assertUrl(refresh_url, 'refresh_url');
    assertUrl(return_url, 'return_url');
    const token = world.nextId('', scope, TOKEN_LENGTH);
    const expires_at = world.now + LIFE_S;
    const link: AccountLink = {
      id: rowId(token),
      object: '_account_link',
      account: id,
      livemode: scope.livemode,
      refresh_url,
      return_url,
      expires_at,
      form_key: '',
      is_used: false,
    };
    world.keep(link);
    return {
      object: 'account_link',
      created: world.now,
      expires_at,
      url: `${settings.base_url}/connect/setup/${token}`,
    };
  },
);

const login = defineEndpoint('POST /v1/accounts/:id/login_links', {}, (call) => {
  const account = findAccount(call, pathId(call));
  const dashboard = (account['controller'] as { stripe_dashboard?: { type?: string } }).stripe_dashboard?.type; // newAccount
  if (dashboard !== 'express')
    throw invalidRequest(undefined, 'Cannot create a login link for an account that is not an Express account.');
  return {
    object: 'login_link',
    created: call.world.now,
    url: `${call.settings.base_url}/_emulator/objects/${account.id}`,
  };
});

export const account_link_kind: Kind = { name: 'account_link', prefix: '', endpoints: [create, login] };

/** Returns a link by the token of its address. */
export function findAccountLink({ world }: Pick<Context, 'world'>, token: string): AccountLink | undefined {
  return world.row(rowId(token))?.value as AccountLink | undefined; // only account links have these ids
}

/** Uses a link up; returns it with the key of its form, or null when it is used or older than 5 minutes. */
export function useAccountLink({ world }: Pick<Context, 'world'>, link: AccountLink): AccountLink | null {
  if (link.is_used || world.now >= link.expires_at) return null;
  const scope: Scope = { account: link.account, livemode: link.livemode };
  const used = { ...link, is_used: true, form_key: world.nextId('', scope, TOKEN_LENGTH) };
  world.keep(used);
  return used;
}

/** Ends a link after its form was sent; false when the form is not of the page that used the link up. */
export function endAccountLink({ world }: Pick<Context, 'world'>, link: AccountLink, form_key: string): boolean {
  if (link.form_key === '' || link.form_key !== form_key) return false;
  world.keep({ ...link, form_key: '' });
  return true;
}

function assertUrl(url: string, param: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (!parsed || !/^https?:$/.test(parsed.protocol)) throw invalidRequest('url_invalid', 'Not a valid URL', param);
}

function rowId(token: string): string {
  return `_account_link:${token}`;
}
