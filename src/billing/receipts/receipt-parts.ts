import { Type } from 'typebox';
import { MoneyPart, PayerPart } from '../page-parts.ts';
import { PartyPart } from './party.ts';

const NullableText = Type.Union([Type.String(), Type.Null()]);
const Instant = Type.Unsafe<Date>({});
const LinePart = Type.Object({ description: Type.String(), dest_amount: Type.Integer(), dest_unit: Type.String() });

/** Pages of lines before and after the one shown; null if all lines are shown. */
export const PagesPart = Type.Union([
  Type.Object({
    /** Number of the last line shown. */
    last: Type.Integer(),
    previous_url: NullableText,
    next_url: NullableText,
  }),
  Type.Null(),
]);

/** What one lot of credit pays; the amount is positive. */
export const CreditUsedPart = Type.Object({ number: Type.Integer(), money: MoneyPart });

/** Members of the pages of a receipt. */
export const receiptParts = {
  profile: Type.Optional(PayerPart),
  provider: Type.Union([Type.Object({ printable_name: Type.String(), email: NullableText }), Type.Null()]),
  sellers: Type.Array(PartyPart),
  buyer: Type.Union([PartyPart, Type.Null()]),
  /** Sum of the settled refunds, positive. */
  refunded: MoneyPart,
  /** What a lost dispute took back, positive: the charge without its refunds. Nothing is due for it. */
  charged_back: MoneyPart,
  /** State for the pill: that of the charge, `partly_refunded`, `refunded` or `dispute_lost`. */
  pill: Type.String(),
  charge: Type.Object({
    processor_key: Type.String(),
    created_at: Instant,
    /** In 1/100 of `unit`. */
    amount: Type.Integer(),
    unit: Type.String(),
    state: Type.String(),
    last4: NullableText,
    /** `YYYY-MM`. */
    exp_date: NullableText,
    description: Type.String(),
  }),
  charge_items: Type.Array(
    Type.Object({
      invoiced: LinePart,
      /** Price before discounts, and the discount as a negative amount; null if there is none, or it is unknown. */
      full: Type.Union([MoneyPart, Type.Null()]),
      discount: Type.Union([MoneyPart, Type.Null()]),
      refunded: Type.Array(Type.Object({ created_at: Instant, ...LinePart.properties })),
    }),
  ),
  /** Sum of the lines at full price: what the charge and credit pay. */
  lines_total: MoneyPart,
  /** What credit pays of the lines, by lot. */
  credit_used: Type.Array(CreditUsedPart),
  /** What the charge pays, and what it does not pay yet: 0 or the amount of the charge. */
  paid: MoneyPart,
  due: MoneyPart,
  /** Number of lines on all pages, and the number of the first one shown, from 1. */
  lines_count: Type.Integer(),
  lines_first: Type.Integer(),
  /** Amount of the charge without refunds and without what a lost dispute took back. */
  total: MoneyPart,
  /** Time zone of the buyer. */
  timezone: Type.String(),
  /** Invoices that have lines of the charge. */
  invoices: Type.Array(Type.Object({ number: Type.String(), seller: Type.String(), href: Type.String() })),
  /** Credit notes of these invoices since then, oldest first. */
  credit_notes: Type.Array(
    Type.Object({ number: Type.String(), invoice_number: Type.String(), created_at: Instant, money: MoneyPart }),
  ),
};
