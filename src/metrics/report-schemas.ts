import { Type } from 'typebox';
import { periodTypes } from '#kernel/period';
import { IsoInstant, NullableString } from '#platform/http/schemas';

const ends_at = Type.Optional(Type.String({ maxLength: 64, description: 'End of the last period; now when omitted' }));
const period_type = Type.Optional(
  Type.Enum([...periodTypes], { description: 'Length of a period; monthly when omitted' }),
);
const nb_periods = Type.Optional(
  Type.String({
    pattern: '^(?:[1-9][0-9]?|100)$',
    description: 'Number of periods, 1 to 100; 24 hours, 7 days, 8 weeks, 12 months or 5 years when omitted',
  }),
);
const start_at = Type.Optional(
  Type.String({
    maxLength: 64,
    description: 'Instant in the first period, in place of a number of periods; before ends_at',
  }),
);
const timezone = Type.Optional(
  Type.String({
    maxLength: 100,
    description: 'IANA time zone of the periods and of instants without an offset; that of the profile when omitted',
  }),
);
export const UnitParameter = Type.Optional(
  Type.String({
    pattern: '^[a-z]{3}$',
    description: 'ISO 4217 code, lower case; that of the first plan of the profile when omitted',
  }),
);

export const ReportQuerystring = Type.Object({ period_type, nb_periods, start_at, ends_at, timezone });
export const MoneyReportQuerystring = Type.Object({ ...ReportQuerystring.properties, unit: UnitParameter });

export const UpcomingQuerystring = Type.Object({ period_type, nb_periods, timezone, unit: UnitParameter });

export const ProviderParams = Type.Object({ profile: Type.String({ description: 'Slug of the provider' }) });

export const ValuesSchema = Type.Array(Type.Tuple([IsoInstant, Type.Number()]), {
  description:
    'Instant and value: of a flow the end (exclusive) of the period, of a balance the instant before which it is',
});

export const SeriesSchema = Type.Object({
  slug: Type.String({ description: 'Name of the series, for programs' }),
  title: Type.String({ description: 'Name of the series, for people' }),
  extra: Type.Null({ description: 'A series has no extra facts' }),
  selector: { ...NullableString, description: 'Account whose entries count, for balances; else null' },
  values: ValuesSchema,
  links: Type.Array(NullableString, {
    description: 'For each value the address of the list of the rows that add up to it',
  }),
});

export const DefinitionSchema = Type.String({ description: 'What the report counts, as a text for people' });

/** A report of amounts. */
export const MoneyReportSchema = Type.Object({
  title: Type.String(),
  scale: Type.Number({ description: 'Factor that converts a value to the unit' }),
  unit: Type.String({ description: 'ISO 4217 code, lower case' }),
  definition: DefinitionSchema,
  results: Type.Array(SeriesSchema),
});
