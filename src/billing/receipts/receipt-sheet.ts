import type { Static, TObject } from 'typebox';
import type { Sheet } from '#platform/pdf/sheet';
import { humanizeDate } from '#platform/templates/humanize-date';
import type { receiptParts } from './receipt-parts.ts';
import { moneyTexts } from './money-texts.ts';
import type { Party } from './party.ts';

type ReceiptView = Static<TObject<typeof receiptParts>>;
type Money = ReceiptView['total'];

/** Presents a receipt as a printed document, for a reader of `lang`; dates are in the zone of the buyer. */
export function receiptSheet(view: ReceiptView, lang: string): Sheet {
  const { charge, charge_items, invoices, timezone } = view;
  const money = moneyTexts(lang);
  const date = (at: Date) => humanizeDate({ at, is_day: false }, { locale: lang, timezone });
  const [invoice, ...others] = invoices;
  const is_paid = charge.state === 'done' || charge.state === 'disputed' || view.charged_back.amount > 0;
  return {
    title: invoice && others.length === 0 ? `Invoice ${invoice.number}` : is_paid ? 'Receipt' : 'Payment',
    lang,
    created_at: charge.created_at,
    facts: [
      ['Date', date(charge.created_at)],
      ...(others.length > 0 ? invoices.map(({ number, seller }) => [`Invoice of ${seller}`, number] as const) : []),
      ['Reference', charge.processor_key],
      ...(charge.last4 === null ? [] : [['Card', `ending in ${charge.last4}`] as const]),
    ],
    parties: [
      ...view.sellers.map((seller) => ({ heading: 'From', lines: linesOf(seller) })),
      ...(view.buyer ? [{ heading: 'To', lines: linesOf(view.buyer) }] : []),
    ],
    tables: [
      {
        heading: null,
        columns: ['What', 'Full price', 'Discount', 'Amount'],
        rows: charge_items.map(({ invoiced, full, discount }) => [
          invoiced.description,
          full ? money(full) : '',
          discount ? money(discount) : '',
          money({ amount: invoiced.dest_amount, unit: invoiced.dest_unit }),
        ]),
        totals: totalsOf(view, is_paid, money),
      },
      ...notesTable(view, { money, date }),
    ],
    notes: view.provider?.email ? [`Questions about this receipt? Write to ${view.provider.email}.`] : [],
  };
}

function linesOf({ name, address, email }: Party): string[] {
  return [name, ...address, ...(email === null ? [] : [email])];
}

function totalsOf(
  { charge, refunded, charged_back, total, lines_total, credit_used, paid, due }: ReceiptView,
  is_paid: boolean,
  money: (value: Money) => string,
): Sheet['tables'][number]['totals'] {
  const minus = ({ amount, unit }: Money): Money => ({ amount: -amount, unit });
  const lines: [label: string, value: Money, is_strong: boolean][] = [['Total', lines_total, true]];
  for (const lot of credit_used) lines.push([`Credit used (no. ${lot.number})`, minus(lot.money), false]);
  if (is_paid) lines.push([charge.last4 === null ? 'Paid' : 'Paid by card', minus(paid), false]);
  lines.push(['Still due', due, true]);
  if (refunded.amount > 0) lines.push(['Refunded since then', minus(refunded), false]);
  if (charged_back.amount > 0) lines.push(['Charged back since then', minus(charged_back), false]);
  if (refunded.amount + charged_back.amount > 0) lines.push(['Paid after refunds', total, true]);
  return lines.map(([label, value, is_strong]) => ({ label, amount: money(value), is_strong }));
}

/** Returns the table of credit notes and of refunds that no invoice names; none without them. */
function notesTable(
  { credit_notes, charge_items }: ReceiptView,
  { money, date }: { money: (value: Money) => string; date: (at: Date) => string },
): Sheet['tables'] {
  const noted = credit_notes.map(({ number, invoice_number, created_at, money: value }) => [
    `Credit note ${number} for invoice ${invoice_number}, ${date(created_at)}`,
    money(value),
  ]);
  const refunds = charge_items.flatMap(({ refunded }) =>
    refunded.map(({ description, created_at, dest_amount, dest_unit }) => [
      `${description}, ${date(created_at)}`,
      money({ amount: -dest_amount, unit: dest_unit }),
    ]),
  );
  return [
    ...(refunds.length === 0 ? [] : [tableOf('Refunds since then', refunds)]),
    ...(noted.length === 0 ? [] : [tableOf('Credit notes since then', noted)]),
  ];
}

function tableOf(heading: string, rows: string[][]): Sheet['tables'][number] {
  return { heading, columns: ['What', 'Amount'], rows, totals: [] };
}
