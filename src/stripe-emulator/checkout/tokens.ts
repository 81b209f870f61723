import { defineEndpoint, defineRetrieve, free, hash, required, text, type Kind } from '../engine/index.ts';
import { acceptCard, brandOf, fingerprintOf, refuseCard } from '../cards/index.ts';
import { cardError, newObject } from '../objects/index.ts';
import { blankObject } from '../shapes/index.ts';

const card = hash({
  number: required(text(40)),
  exp_month: required(text(4)),
  exp_year: required(text(4)),
  cvc: text(8),
  name: text(256),
  address_city: text(),
  address_country: text(),
  address_line1: text(),
  address_line2: text(),
  address_state: text(),
  address_zip: text(),
  currency: text(3),
  networks: free(),
});

const create = defineEndpoint(
  'POST /v1/tokens',
  { card: required(card) },
  (call, params) => {
    const {
      number,
      exp_month,
      exp_year,
      cvc,
      name,
      currency: _currency,
      networks: _networks,
      ...address
    } = params.card;
    const entry = { number, exp_month, exp_year, cvc };
    const refusal = refuseCard(entry, new Date(call.world.time_ms));
    if (refusal) throw cardError(refusal);
    const { test_card, last4, ...facts } = acceptCard(entry);
    const brand = test_card.brand ?? brandOf(test_card.number);
    const sent = Object.fromEntries(Object.entries(address).filter(([, value]) => value !== undefined));
    const token = newObject(call, 'token', 'tok', {
      card: {
        ...blankObject('card'),
        ...sent,
        id: call.world.nextId('card', call.scope),
        brand: BRANDS[brand] ?? brand,
        country: test_card.country ?? 'US',
        cvc_check: facts.has_cvc ? 'unchecked' : null,
        exp_month: facts.exp_month,
        exp_year: facts.exp_year,
        fingerprint: fingerprintOf(number, call.scope.account, call.world.seed),
        funding: test_card.funding ?? 'credit',
        last4,
        metadata: {},
        name: name ?? null,
        regulated_status: 'unregulated',
      },
      type: 'card',
      used: false,
      $: { ...facts, card: test_card.key },
    });
    return call.world.insert(call.scope, token);
  },
  { is_publishable: true },
);

/** Names of brands in tokens, which are older than those of payment methods. */
const BRANDS: Readonly<Record<string, string>> = {
  amex: 'American Express',
  diners: 'Diners Club',
  discover: 'Discover',
  jcb: 'JCB',
  mastercard: 'MasterCard',
  unionpay: 'UnionPay',
  visa: 'Visa',
};

/** Tokens of cards: the older way to name a card. */
export const token_kind: Kind = {
  name: 'token',
  prefix: 'tok',
  endpoints: [create, defineRetrieve('/v1/tokens/:id', 'token')],
};
