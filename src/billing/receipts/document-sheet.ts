import type { Sheet } from '#platform/pdf/sheet';
import { humanizeDate } from '#platform/templates/humanize-date';
import { moneyTexts } from './money-texts.ts';
import type { DocumentParts } from './view-document.ts';

/** Presents an invoice or a credit note as a printed document; dates are in the zone of the buyer. */
export function documentSheet(view: DocumentParts, lang: string): Sheet {
  const { kind, number, created_at, invoice_number, seller, buyer, lines, total, credit_notes } = view;
  const { credit_used, paid, due } = view;
  const money = moneyTexts(lang);
  const date = (at: Date) => humanizeDate({ at, is_day: false }, { locale: lang, timezone: view.timezone });
  const party = ({ name, address, email }: typeof seller) => [name, ...address, ...(email === null ? [] : [email])];
  return {
    title: `${kind === 'invoice' ? 'Invoice' : 'Credit note'} ${number}`,
    lang,
    created_at,
    facts: [['Date', date(created_at)], ...(invoice_number === null ? [] : [['For invoice', invoice_number] as const])],
    parties: [
      { heading: 'From', lines: party(seller) },
      { heading: 'To', lines: party(buyer) },
    ],
    tables: [
      {
        heading: null,
        columns: ['What', 'Full price', 'Discount', 'Amount'],
        rows: lines.map(({ description, full, discount, money: amount }) => [
          description,
          full ? money(full) : '',
          discount ? money(discount) : '',
          money(amount),
        ]),
        totals: [
          { label: 'Total', amount: money(total), is_strong: true },
          ...credit_used.map((lot) => ({
            label: `Credit used (no. ${lot.number})`,
            amount: money({ ...lot.money, amount: -lot.money.amount }),
            is_strong: false,
          })),
          ...(paid ? [{ label: 'Paid', amount: money({ ...paid, amount: -paid.amount }), is_strong: false }] : []),
          ...(due ? [{ label: 'Still due', amount: money(due), is_strong: true }] : []),
        ],
      },
      ...(credit_notes.length === 0
        ? []
        : [
            {
              heading: 'Credit notes since then',
              columns: ['What', 'Amount'],
              rows: credit_notes.map((note) => [
                `Credit note ${note.number}, ${date(note.created_at)}`,
                money(note.money),
              ]),
              totals: [],
            },
          ]),
    ],
    notes: [],
  };
}
