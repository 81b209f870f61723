import { Type } from 'typebox';
import { IsoInstant, NullableInstant, NullableString, PageOf, SlugParam } from '#platform/http/schemas';
import { ProfileSummarySchema } from '#profiles';
import { caseStates } from './case-list-store.ts';

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
