import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { MoneyPart, PayerPart, payerSample } from '../page-parts.ts';
import { PartyPart } from './party.ts';
import { CreditUsedPart } from './receipt-parts.ts';

const NullableText = Type.Union([Type.String(), Type.Null()]);
const NullableMoney = Type.Union([MoneyPart, Type.Null()]);
const Instant = Type.Unsafe<Date>({});

/** Members of the page and of the file of a document. */
export const documentParts = {
  profile: PayerPart,
  kind: Type.Enum(['invoice', 'credit_note']),
  number: Type.String(),
  created_at: Instant,
  /** Time zone of the buyer. */
  timezone: Type.String(),
  /** Number of the invoice that a credit note reduces. */
  invoice_number: NullableText,
  seller: PartyPart,
  buyer: PartyPart,
  lines: Type.Array(
    Type.Object({ description: Type.String(), full: NullableMoney, discount: NullableMoney, money: MoneyPart }),
  ),
  total: MoneyPart,
  /** What credit paid, by lot. */
  credit_used: Type.Array(CreditUsedPart),
  /** Part that was paid otherwise, and part that is not; null on a credit note. */
  paid: NullableMoney,
  due: NullableMoney,
  credit_notes: Type.Array(
    Type.Object({ number: Type.String(), href: Type.String(), created_at: Instant, money: MoneyPart }),
  ),
};

const created_at = new Date('2026-03-05T14:30:00.000Z');
const usd = (amount: number) => ({ amount, unit: 'usd' });
const invoice = {
  profile: payerSample,
  kind: 'invoice' as const,
  number: '2026-000042',
  created_at,
  timezone: 'America/Los_Angeles',
  invoice_number: null,
  seller: {
    name: 'Coworking Space Inc.',
    address: ['120 Market Street', 'San Francisco, CA 94105', 'United States'],
    email: 'billing@cowork.example',
  },
  buyer: { name: 'Ada Lovelace', address: ['44 Folsom Street, Apt. 9', 'San Francisco, CA 94105'], email: null },
  lines: [{ description: 'Basic, 1 month until Apr 5, 2026', full: usd(5800), discount: usd(-2900), money: usd(2900) }],
  total: usd(2900),
  credit_used: [],
  paid: usd(2900),
  due: usd(0),
  credit_notes: [],
  pdf_url: '/billing/ada/documents/cowork/2026-000042/download/',
  csv_url: '/billing/ada/credit-notes/download/',
};

export const documentPage = definePage(
  'saas/billing/document.html',
  Type.Object({ ...documentParts, pdf_url: Type.String(), csv_url: Type.String() }),
  {
    typical: invoice,
    due: { ...invoice, paid: usd(0), due: usd(2900) },
    credit: { ...invoice, credit_used: [{ number: 12, money: usd(2870) }], paid: usd(0), due: usd(30) },
    reduced: {
      ...invoice,
      credit_notes: [
        {
          number: 'CN-2026-000007',
          href: '/billing/ada/documents/cowork/CN-2026-000007/',
          created_at,
          money: usd(-900),
        },
      ],
    },
    credit_note: {
      ...invoice,
      kind: 'credit_note',
      number: 'CN-2026-000007',
      invoice_number: '2026-000042',
      lines: [{ description: 'Refund for Basic, 1 month', full: null, discount: null, money: usd(900) }],
      total: usd(900),
      paid: null,
      due: null,
    },
  },
);
