import { type TSchema, Type } from 'typebox';
import { IsoInstant, NullableInstant, NullableString, PageOf, SlugParam } from '#platform/http/schemas';
import { ProfileSummarySchema } from '#profiles';
import { caseStates } from './case-list-store.ts';
import { RETRIES_MAX } from './dunning-terms.ts';

export const ProfileParams = Type.Object({ profile: SlugParam });

/** Restricts a list of cases by state. */
export const StateFilter = {
  state: Type.Optional(
    Type.Enum([...caseStates, 'open'], { description: 'One state, or `open` for retrying, waiting and suspended' }),
  ),
};

const AttemptSchema = Type.Object({
  at: IsoInstant,
  amount: Type.Integer({ description: 'In 1/100 of unit' }),
  kind: Type.Union([Type.Enum(['hard', 'card', 'action', 'soft', 'processor', 'paid']), Type.Null()]),
  code: NullableString,
});

const case_members = {
  state: Type.Enum([...caseStates]),
  provider: ProfileSummarySchema,
  balance: Type.Integer({ description: 'Due now, in 1/100 of unit; 0 when the case is closed' }),
  unit: Type.String({ description: 'ISO 4217, lower case' }),
  created_at: IsoInstant,
  attempts: Type.Array(AttemptSchema),
  next_attempt_at: NullableInstant,
  ends_at: Type.Union([Type.String(), Type.Null()], {
    description: 'End of the grace; of a closed case, when it was closed; null if the subscriptions go on',
  }),
  subscriptions: Type.Array(
    Type.Object({ plan: Type.Object({ slug: Type.String(), title: Type.String() }), ends_at: IsoInstant }),
  ),
};

export const CaseSchema = Type.Object(case_members, { title: 'DunningCase' });
export const ProviderCaseSchema = Type.Object(
  { profile: ProfileSummarySchema, ...case_members },
  { title: 'SubscriberDunningCase' },
);
export const CasePage = PageOf(CaseSchema);
export const ProviderCasePage = PageOf(ProviderCaseSchema);

export const RetryBody = Type.Object({
  processor_token: Type.Optional(
    Type.Union([Type.String({ maxLength: 255 }), Type.Null()], {
      description: 'Token of a new card, which stays on file and is charged; the card on file is charged when omitted',
    }),
  ),
});

const days = { minimum: 0, maximum: 365 } as const;
const accesses = ['keep', 'after_days', 'none'] as const;
const ends = ['end', 'suspend', 'keep'] as const;
const used_parts = ['due', 'written_off'] as const;
const RetryDays = Type.Array(Type.Integer({ minimum: 1, maximum: 365 }), {
  maxItems: RETRIES_MAX,
  description: 'Days after the first failed charge at which the card is charged again, in increasing order',
});
const nullable = <T extends TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]));

export const TermsSchema = Type.Object(
  {
    retry_days: RetryDays,
    grace_days: Type.Integer({ ...days, description: 'Days after the first failed charge until the end' }),
    access: Type.Enum([...accesses], { description: 'Access while the balance is due' }),
    access_days: Type.Integer({ ...days, description: 'Days of access, with access `after_days`' }),
    end: Type.Enum([...ends], { description: 'What happens to the subscriptions at the end of the grace' }),
    used_part: Type.Enum([...used_parts], { description: 'Price of the used time of a subscription that ended' }),
    own: Type.Array(Type.String(), { description: 'Fields that the provider set; the others are those of the site' }),
  },
  { title: 'DunningTerms' },
);

/** Null takes the setting of the site; a field that is left out stays. */
export const TermsBody = Type.Object({
  retry_days: nullable(RetryDays),
  grace_days: nullable(Type.Integer(days)),
  access: nullable(Type.Enum([...accesses])),
  access_days: nullable(Type.Integer(days)),
  end: nullable(Type.Enum([...ends])),
  used_part: nullable(Type.Enum([...used_parts])),
});
