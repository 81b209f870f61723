import { type Static, Type } from 'typebox';
import { IsoInstant, NullableInstant, PageOf } from '#platform/http/schemas';
import { ProfileSummarySchema } from '#profiles';

const NumberField = (description: string) => Type.String({ maxLength: 30, description });

const CreditNoteLineSchema = Type.Object({
  kind: Type.Enum(['unused_time', 'seats', 'refund', 'unpaid_end']),
  description: Type.String(),
  amount: Type.Integer({ description: 'In 1/100 of unit' }),
  covers_from: { ...NullableInstant, description: 'Beginning of the time that is given back; null if none is' },
  covers_to: { ...NullableInstant, description: 'End of the time that is given back, exclusive' },
  invoice_number: NumberField('Number of the invoice that the line reduces'),
});

/** A credit note in the API. The amount is the sum of due_reduced, credited and refunded. */
export const CreditNoteSchema = Type.Object(
  {
    number: NumberField('Unique per provider'),
    invoice_number: NumberField('Number of the invoice that the note reduces'),
    created_at: IsoInstant,
    provider: ProfileSummarySchema,
    lines: Type.Array(CreditNoteLineSchema),
    amount: Type.Integer({ description: 'In 1/100 of unit' }),
    unit: Type.String({ description: 'ISO 4217, lower case' }),
    due_reduced: Type.Integer({ description: 'Part that reduced an unpaid order' }),
    credited: Type.Integer({ description: 'Part that is kept as credit' }),
    refunded: Type.Integer({ description: 'Part that was paid back' }),
    lot: Type.Union([Type.Integer(), Type.Null()], { description: 'Number of the credit' }),
  },
  { title: 'CreditNote' },
);
export type CreditNoteBody = Static<typeof CreditNoteSchema>;

export const CreditNotePage = PageOf(CreditNoteSchema);
