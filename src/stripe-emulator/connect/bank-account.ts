import { createHmac } from 'node:crypto';
import { invalidRequest, isHash, text, type Context, type Param, type StoredObject } from '../engine/index.ts';
import { blankObject } from '../shapes/index.ts';

/** A bank account as sent; a token `btok_…` stands for the public test account. */
export interface BankAccountEntry {
  readonly country: string;
  readonly currency: string;
  readonly account_number: string;
  readonly routing_number: string | null;
  readonly holder: string | null;
}

const TEST_ACCOUNT: BankAccountEntry = {
  country: 'US',
  currency: 'usd',
  account_number: '000123456789',
  routing_number: '110000000',
  holder: null,
};
const FINGERPRINT_LENGTH = 16;

/** `external_account`: a token, or the fields of a bank account. */
export const external_account: Param<BankAccountEntry> = {
  read(raw, path) {
    if (!isHash(raw)) {
      if (/^btok_\w{1,60}$/.test(raw)) return TEST_ACCOUNT;
      throw invalidRequest('resource_missing', `No such token: '${raw.slice(0, 40)}'`, path);
    }
    const read = (name: string, max: number) => text(max).read(raw[name] ?? '', `${path}[${name}]`);
    if (read('object', 20) !== 'bank_account')
      throw invalidRequest(undefined, 'External accounts of this emulator are bank accounts.', `${path}[object]`);
    return {
      country: read('country', 2).toUpperCase(),
      currency: read('currency', 3).toLowerCase(),
      account_number: read('account_number', 40),
      routing_number: raw['routing_number'] === undefined ? null : read('routing_number', 20),
      holder: raw['account_holder_name'] === undefined ? null : read('account_holder_name', 200),
    };
  },
};

/** Stores a bank account in the scope of its account; the one before stays, and is no longer the default. */
export function saveBankAccount(ctx: Context, account: string, entry: BankAccountEntry = TEST_ACCOUNT): void {
  const { world, scope } = ctx;
  for (const other of findBankAccounts(ctx)) world.patch(other, { default_for_currency: false });
  const plain = entry.account_number.replaceAll(/[\s-]/g, '');
  const fingerprint = createHmac('sha256', world.seed).update(`${entry.routing_number}:${plain}`).digest('hex');
  world.insert(scope, {
    ...blankObject('bank_account'),
    id: world.nextId('ba', scope),
    object: 'bank_account',
    account,
    account_holder_name: entry.holder,
    available_payout_methods: ['standard'],
    bank_name: 'STRIPE TEST BANK',
    country: entry.country,
    currency: entry.currency,
    default_for_currency: true,
    fingerprint: fingerprint.slice(0, FINGERPRINT_LENGTH),
    last4: plain.slice(-4),
    metadata: {},
    routing_number: entry.routing_number,
    status: 'new',
  });
}

/** Returns the bank accounts of the account whose scope this is, in the order of creation. */
export function findBankAccounts({ world, scope }: Pick<Context, 'world' | 'scope'>): StoredObject[] {
  return world.all(scope, 'bank_account');
}
