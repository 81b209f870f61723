import { Type } from 'typebox';
import { PageOf } from '#platform/http/schemas';
import { DefinitionSchema } from '../report-schemas.ts';

const Rank = Type.Integer({
  minimum: -999_999_999,
  maximum: 999_999_999,
  description: 'Position of the row in the table, ascending',
});
const Title = Type.String({ minLength: 1, maxLength: 255, description: 'Title of the row' });
const Selector = Type.String({ maxLength: 255, description: 'Part of the names of the accounts that count' });

export const ReportParams = Type.Object({
  report: Type.String({ pattern: '^[-A-Za-z0-9_]{1,50}$', description: 'Name of the balance sheet' }),
});
export const LineParams = Type.Object({
  ...ReportParams.properties,
  rank: Type.String({ pattern: '^-?[0-9]{1,9}$', description: 'Position of the row in the table' }),
});

export const BalanceLineSchema = Type.Object({ title: Type.String(), selector: Type.String(), rank: Type.Integer() });
export const BalanceLinePage = PageOf(BalanceLineSchema);

export const BalanceLineInput = Type.Object({ title: Title, selector: Type.Optional(Selector), rank: Rank });

/** `rank` selects the line. */
export const BalanceLineOfRank = Type.Object({
  title: Type.Optional(Title),
  selector: Type.Optional(Selector),
  rank: Rank,
});

export const BalanceReportSchema = Type.Object({
  scale: Type.Number({ description: 'Factor that converts a value to the unit' }),
  unit: Type.String({ description: 'ISO 4217 code, lower case' }),
  title: Type.String(),
  definition: DefinitionSchema,
  results: Type.Array(
    Type.Object({
      slug: Type.String(),
      title: Type.String(),
      selector: Type.String(),
      extra: Type.Null({ description: 'A line has no extra facts' }),
      values: Type.Array(Type.Tuple([Type.String({ format: 'date-time' }), Type.Integer()]), {
        description: 'Instant and balance of the accounts before it',
      }),
      links: Type.Array(Type.String({ format: 'uri' }), {
        description: 'The list of the ledger entries that add up to each value. Only those in the unit count.',
      }),
    }),
  ),
});
