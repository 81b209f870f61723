import { type Static, Type } from 'typebox';
import type { ChargeId, PayoutId, ProfileId, UserId } from '#platform/db/db-schema';
import { defineEvent, idOf, nullableIdOf } from '#platform/jobs/events';

/** Reason why charge_updated is emitted. */
const ChargeNews = Type.Enum(['done', 'failed', 'refunded', 'disputed', 'won', 'lost', 'receipt_requested']);
export type ChargeNews = Static<typeof ChargeNews>;

const NullableText = Type.Union([Type.String(), Type.Null()]);

export const chargeUpdated = defineEvent(
  'charge_updated',
  Type.Object(
    {
      charge_id: idOf<ChargeId>(),
      processor_key: Type.String(),
      /** The customer. */
      profile_id: idOf<ProfileId>(),
      /** Provider of the first line. */
      provider_id: nullableIdOf<ProfileId>(),
      news: ChargeNews,
      state: Type.Enum(['created', 'done', 'failed', 'disputed']),
      created_at: Type.String(),
      /** In 1/100 of `unit`. */
      amount: Type.Integer(),
      unit: Type.String(),
      description: Type.String(),
      last4: NullableText,
      lines: Type.Array(
        Type.Object({ description: Type.String(), amount: Type.Integer(), refunded_amount: Type.Integer() }),
      ),
      /** Null for the processor and for jobs. */
      originated_by: nullableIdOf<UserId>(),
    },
    { description: 'A charge was paid, refused, refunded or disputed, or a user requested a copy of its receipt.' },
  ),
);

export const payoutFailed = defineEvent(
  'payout_failed',
  Type.Object(
    {
      payout_id: idOf<PayoutId>(),
      /** Whose funds were paid out. */
      provider_id: idOf<ProfileId>(),
      /** In 1/100 of `unit`; negative when the bank account was debited. */
      amount: Type.Integer(),
      unit: Type.String(),
      /** True if the bank returned it; false if the processor refused or never received it. */
      is_returned: Type.Boolean(),
      detail: Type.String(),
    },
    { description: 'A payout did not reach the bank of a provider; the amount is part of the funds.' },
  ),
);

export const paymentReturned = defineEvent(
  'payment_returned',
  Type.Object(
    {
      /** The payer; null if the profile was deleted. */
      profile_id: nullableIdOf<ProfileId>(),
      /** Key of the charge at the processor. */
      charge_key: Type.String(),
      /** In 1/100 of `unit`. */
      amount: Type.Integer(),
      unit: Type.String(),
      taken_at: Type.String(),
    },
    { description: 'A payment that no order wants goes back to its payer.' },
  ),
);

export const inquiryOpened = defineEvent(
  'inquiry_opened',
  Type.Object(
    {
      charge_id: idOf<ChargeId>(),
      /** Key of the charge at the processor. */
      charge_key: Type.String(),
      charged_at: Type.String(),
      /** Key of the inquiry at the processor. */
      dispute_key: Type.String(),
      /** The customer. */
      profile_id: idOf<ProfileId>(),
      provider_id: idOf<ProfileId>(),
      /** In 1/100 of `unit`; null if the charge has lines of several providers. */
      amount: Type.Union([Type.Integer(), Type.Null()]),
      unit: Type.String(),
      /** Code of the bank's reason; empty without one. */
      reason: Type.String(),
      /** Until this instant the bank takes an answer; null without a limit. */
      due_at: NullableText,
      /** True if the charge is on the account of the provider, who answers the bank; otherwise the broker does. */
      is_owner: Type.Boolean(),
    },
    { description: 'A bank asks about a payment and waits for an answer. It took no money back.' },
  ),
);

export const fraudWarned = defineEvent(
  'fraud_warned',
  Type.Object(
    {
      charge_id: idOf<ChargeId>(),
      /** Key of the charge at the processor. */
      charge_key: Type.String(),
      charged_at: Type.String(),
      /** Key of the warning at the processor. */
      warning_key: Type.String(),
      /** What the bank suspects: a code of the processor. */
      fraud_type: Type.String(),
      /** The customer. */
      profile_id: idOf<ProfileId>(),
      provider_id: idOf<ProfileId>(),
      /** In 1/100 of `unit`; null if the charge has lines of several providers. */
      amount: Type.Union([Type.Integer(), Type.Null()]),
      unit: Type.String(),
      /** True if the charge is on the account of the provider; otherwise it is on that of the broker. */
      is_owner: Type.Boolean(),
    },
    {
      description: 'A bank warns that a payment is probably fraudulent. No money moved: a refund can avoid a dispute.',
    },
  ),
);

const CardChange = Type.Object({ pre: Type.String(), post: Type.String() });
const CardChanges = Type.Object({ last4: CardChange, exp_date: CardChange });

export const cardUpdated = defineEvent(
  'card_updated',
  Type.Object(
    {
      profile_id: idOf<ProfileId>(),
      changes: CardChanges,
      /** Null for the processor and for jobs. */
      originated_by: nullableIdOf<UserId>(),
      /** True if the issuer gave the same card another number or expiry date. */
      by_issuer: Type.Optional(Type.Boolean()),
    },
    { description: 'The card on file was replaced by another, or its issuer gave it another number or expiry date.' },
  ),
);

export const cardSaved = defineEvent(
  'card_saved',
  Type.Object(
    { profile_id: idOf<ProfileId>(), originated_by: nullableIdOf<UserId>() },
    { description: 'A card was put on file of a profile that had none.' },
  ),
);

export const cardRemoved = defineEvent(
  'card_removed',
  Type.Object(
    {
      profile_id: idOf<ProfileId>(),
      /** Of the card that is gone. */
      brand: Type.String(),
      last4: Type.String(),
      /** Of a card that still pays for everything; null without one. */
      other_last4: NullableText,
    },
    { description: 'The payment processor, or a person there, removed a card on file.' },
  ),
);

export const processorKeyRefused = defineEvent(
  'processor_key_refused',
  Type.Object(
    {
      processor: Type.String(),
      /** Null: no user caused it. */
      originated_by: nullableIdOf<UserId>(),
    },
    { description: 'A payment processor refuses the key of the site: no payment is possible. Once an hour at most.' },
  ),
);

export const processorKeysReplaced = defineEvent(
  'processor_keys_replaced',
  Type.Object(
    {
      processor: Type.String(),
      /** Account of the new key; null: the key may not read it. */
      account: NullableText,
      /** Account that payments were made on so far; null: not known. */
      former_account: NullableText,
      replaced_at: Type.String(),
      /** Null for a command on the server. */
      originated_by: nullableIdOf<UserId>(),
    },
    {
      description:
        'The keys with which the payment processor knows the site were replaced by others. Has no key in it.',
    },
  ),
);

export const paymentRefused = defineEvent(
  'payment_refused',
  Type.Object(
    {
      processor: Type.String(),
      /** Account at the processor on which the payment was to be made; empty: that of the site. */
      account: Type.String(),
      /** Code of the processor. */
      reason: Type.String(),
      /** The payer. */
      profile_id: idOf<ProfileId>(),
      /** In 1/100 of `unit`; null with `unit` for a card that was only to be kept. */
      amount: Type.Union([Type.Integer(), Type.Null()]),
      unit: NullableText,
      /** Null: no user caused it. */
      originated_by: nullableIdOf<UserId>(),
    },
    {
      description:
        'A payment processor refuses payments for a reason of the site, such as a capability that its account lacks. Once an hour at most for each account and code.',
    },
  ),
);

export const accountDisconnected = defineEvent(
  'account_disconnected',
  Type.Object(
    { provider_id: idOf<ProfileId>(), processor: Type.String(), account: Type.String() },
    { description: 'A provider ended the access to its account at the payment processor, or the processor did.' },
  ),
);

interface CardFacts {
  last4: string;
  exp_date: string;
}

/** Returns the facts of a card before and after it was replaced, for card_updated. */
export function cardChanges(pre: CardFacts, post: CardFacts): Static<typeof CardChanges> {
  return {
    last4: { pre: pre.last4, post: post.last4 },
    exp_date: { pre: pre.exp_date, post: post.exp_date },
  };
}
