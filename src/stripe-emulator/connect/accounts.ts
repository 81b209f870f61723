import {
  ApiError,
  defineEndpoint,
  emit,
  inScope,
  innerList,
  invalidRequest,
  list_params,
  mergeMetadata,
  missingObject,
  pageOf,
  pathId,
  planTask,
  HIDDEN,
  type Context,
  type Kind,
  type Scope,
  type Values,
} from '../engine/index.ts';
import { create_params, update_params } from './account-params.ts';
import {
  applyAccountState,
  currencyOf,
  newAccount,
  type Account,
  type AccountState,
  type Controller,
} from './account.ts';
import { findBankAccounts, saveBankAccount } from './bank-account.ts';

const CONTROLLERS: Readonly<Record<'standard' | 'express' | 'custom', Controller>> = {
  standard: { fee_payer: 'account', losses: 'stripe', requirement_collection: 'stripe', dashboard: 'full' },
  express: { fee_payer: 'application', losses: 'application', requirement_collection: 'stripe', dashboard: 'express' },
  custom: { fee_payer: 'application', losses: 'application', requirement_collection: 'application', dashboard: 'none' },
};
const ID_LENGTH = 16;
const DAY_S = 86_400;

const create = defineEndpoint('POST /v1/accounts', create_params, (call, params) => {
  const { world } = call;
  if (params.type !== undefined && params.controller !== undefined) {
    const message = 'You may only specify one of these parameters: type, controller.';
    throw invalidRequest('parameters_exclusive', message, 'controller');
  }
  const country = (params.country ?? 'US').toUpperCase();
  if (!/^[A-Z]{2}$/.test(country))
    throw invalidRequest('country_unsupported', `Invalid country: ${country}`, 'country');
  const scope = platformOf(call.scope);
  const account = newAccount({
    id: world.nextId('acct', scope, ID_LENGTH),
    created: world.now,
    country,
    currency: params.default_currency?.toLowerCase() ?? currencyOf(country),
    email: params.email ?? null,
    business_profile: definedOnly(params.business_profile ?? {}),
    metadata: mergeMetadata({}, params.metadata),
    capabilities: requestedOf(params.capabilities),
    controller: controllerOf(params),
  });
  world.insert(scope, account);
  return world.patch(account, { ...changeOf(call, account, params), business_type: params.business_type ?? null });
});

const update = defineEndpoint('POST /v1/accounts/:id', update_params, (call, params) => {
  const account = findAccount(call, pathId(call));
  return changeAccount(call, account, changeOf(call, account, params));
});

const remove = defineEndpoint('DELETE /v1/accounts/:id', {}, (call) => {
  const account = findAccount(call, pathId(call));
  if (account[HIDDEN].is_platform === true) throw invalidRequest(undefined, 'The platform account cannot be deleted.');
  return call.world.insert(platformOf(call.scope), { id: account.id, object: 'account', deleted: true });
});

const retrieve = defineEndpoint('GET /v1/accounts/:id', {}, (call) => {
  const account = findAccount(call, pathId(call));
  if (!account[HIDDEN].is_deauthorized) return account;
  const message = `The provided key does not have access to account '${account.id}' (or that account does not exist). Application access may have been revoked.`;
  throw new ApiError(403, { type: 'invalid_request_error', code: 'account_invalid', message });
});

const retrieveCurrent = defineEndpoint('GET /v1/account', {}, (call) =>
  call.scope.account === '' ? findPlatform(call) : findAccount(call, call.scope.account),
);

const list = defineEndpoint('GET /v1/accounts', list_params, (call, params) => {
  const connected = call.world
    .all(platformOf(call.scope), 'account')
    .filter((account) => account['deleted'] !== true && !isPlatform(account as Account)); // rows of newAccount
  return pageOf(call, connected, params);
});

/** Connected accounts, and the platform's own account. */
export const account_kind: Kind = {
  name: 'account',
  prefix: 'acct',
  render: (ctx, account) => {
    const own = inScope(ctx, ownScope(ctx.scope, account as Account)); // rows of newAccount
    return { external_accounts: innerList(`/v1/accounts/${account.id}/external_accounts`, findBankAccounts(own)) };
  },
  endpoints: [create, update, remove, retrieve, retrieveCurrent, list],
};

/** Returns an account that is not deleted. @throws ApiError 404, or 400 when `param` names where the id was sent */
export function findAccount(ctx: Context, id: string, param?: string): Account {
  const found = ctx.world.get(platformOf(ctx.scope), 'account', id);
  if (!found || found['deleted'] === true) throw missingObject('account', id, param);
  return found as Account; // rows of newAccount
}

/** Returns the account of the context: the connected one, or the platform's own. */
export function findOwnAccount(ctx: Context): Account {
  return ctx.scope.account === '' ? findPlatform(ctx) : findAccount(ctx, ctx.scope.account);
}

/** Inserts the platform's own account, ready to charge. */
export function insertPlatform(ctx: Context, business_name: string): Account {
  const scope = platformOf(ctx.scope);
  const account = newAccount({
    id: ctx.world.nextId('acct', scope, ID_LENGTH),
    created: ctx.world.now,
    country: 'US',
    currency: 'usd',
    email: null,
    business_profile: { name: business_name },
    metadata: {},
    capabilities: ['card_payments', 'transfers'],
    controller: CONTROLLERS.standard,
    facts: { is_platform: true },
  });
  ctx.world.insert(scope, account);
  saveBankAccount(inScope(ctx, scope), account.id);
  return ctx.world.patch(account, { ...applyAccountState(account, 'ready'), controller: { type: 'account' } });
}

/** Inserts a connected account that can be charged, for tests that do not onboard one. */
export function insertReadyAccount(ctx: Context, id: string): Account {
  const account = newAccount({
    id,
    created: ctx.world.now,
    country: 'US',
    currency: 'usd',
    email: null,
    business_profile: { name: id },
    metadata: {},
    capabilities: ['card_payments', 'transfers'],
    controller: CONTROLLERS.standard,
  });
  ctx.world.insert(platformOf(ctx.scope), account);
  return setAccountState(ctx, id, 'ready');
}

/** Gives an account a state and emits `account.updated`. A complete account has a bank account. */
export function setAccountState(ctx: Context, id: string, state: AccountState): Account {
  const account = findAccount(ctx, id);
  const own = inScope(ctx, ownScope(ctx.scope, account));
  if (state !== 'restrict' && findBankAccounts(own).length === 0) saveBankAccount(own, id);
  return changeAccount(ctx, account, applyAccountState(account, state));
}

/** Ends the platform's access to an account, as its owner does in the dashboard. */
export function deauthorizeAccount(ctx: Context, id: string): void {
  const account = findAccount(ctx, id);
  ctx.world.patch(account, { [HIDDEN]: { ...account[HIDDEN], is_deauthorized: true } });
  const application = { id: 'ca_tollgate', object: 'application', name: 'Tollgate' };
  emit(inScope(ctx, ownScope(ctx.scope, account)), 'account.application.deauthorized', application);
}

function findPlatform(ctx: Context): Account {
  const accounts = ctx.world.all(platformOf(ctx.scope), 'account') as Account[]; // rows of newAccount
  const own = accounts.find(isPlatform);
  if (!own) throw new Error('the emulator has no platform account');
  return own;
}

/** Returns the fields that an update changes; a bank account is stored. */
function changeOf(ctx: Context, account: Account, params: Values<typeof update_params>): Partial<Account> {
  const own = inScope(ctx, ownScope(ctx.scope, account));
  if (params.external_account !== undefined) saveBankAccount(own, account.id, params.external_account);
  const status = account.charges_enabled ? 'active' : 'inactive';
  const requested = requestedOf(params.capabilities).filter((name) => !(name in account.capabilities));
  const interval = params.settings?.payouts?.schedule?.interval;
  if (interval === 'daily') planTask(own, 'automatic_payout', DAY_S, {});
  return {
    ...definedOnly({
      email: params.email,
      default_currency: params.default_currency?.toLowerCase(),
      business_type: params.business_type,
    }),
    business_profile: { ...account.business_profile, ...definedOnly(params.business_profile ?? {}) },
    capabilities: { ...account.capabilities, ...Object.fromEntries(requested.map((name) => [name, status])) },
    settings: params.settings ? mergeSettings(account.settings, params.settings) : account.settings,
    metadata: mergeMetadata(account.metadata, params.metadata),
  };
}

function changeAccount(ctx: Context, account: Account, change: Partial<Account>): Account {
  const before: Record<string, unknown> = account;
  const differs = Object.entries(change).filter(
    ([name, value]) => JSON.stringify(before[name]) !== JSON.stringify(value),
  );
  const changed = ctx.world.patch(account, change);
  if (differs.length > 0) {
    const previous = Object.fromEntries(differs.map(([name]) => [name, before[name]]));
    emit(inScope(ctx, ownScope(ctx.scope, account)), 'account.updated', changed, previous);
  }
  return changed;
}

function controllerOf({ type, controller }: Pick<Values<typeof create_params>, 'type' | 'controller'>): Controller {
  const typed = CONTROLLERS[type ?? 'standard'];
  return {
    fee_payer: controller?.fees?.payer ?? typed.fee_payer,
    losses: controller?.losses?.payments ?? typed.losses,
    requirement_collection: controller?.requirement_collection ?? typed.requirement_collection,
    dashboard: controller?.stripe_dashboard?.type ?? typed.dashboard,
  };
}

/** Merges sent settings into the stored ones; a text that unsets is null already. */
function mergeSettings(before: Readonly<Record<string, unknown>>, sent: Readonly<Record<string, unknown>>) {
  const merged: Record<string, unknown> = { ...before };
  for (const [name, value] of Object.entries(sent)) {
    if (value === undefined) continue;
    const inner = merged[name];
    merged[name] = isHash(value) && isHash(inner) ? mergeSettings(inner, value) : value;
  }
  return merged;
}

/** Accounts are rows of the platform, regardless of the account that a call is made for. */
function platformOf({ livemode }: Scope): Scope {
  return { account: '', livemode };
}

/** Where the objects of an account are: the platform's own are in the scope without a name. */
function ownScope({ livemode }: Scope, account: Account): Scope {
  return { livemode, account: isPlatform(account) ? '' : account.id };
}

function isPlatform(account: Account): boolean {
  return account[HIDDEN]?.is_platform === true;
}

function requestedOf(sent: Readonly<Record<string, { requested?: boolean | undefined } | undefined>> = {}): string[] {
  return Object.entries(sent).flatMap(([name, value]) => (value?.requested === true ? [name] : []));
}

function definedOnly(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

function isHash(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
