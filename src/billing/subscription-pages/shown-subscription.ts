import { Type } from 'typebox';
import { MoneyPart, PayerPart, payerSample } from '../page-parts.ts';

export const Instant = Type.Unsafe<Date>({});

/** A charge that follows; `at` is when the card is charged. */
export const ChargePart = Type.Union([Type.Object({ at: Instant, money: MoneyPart }), Type.Null()]);

/** Members that every page of this sub-room has. */
export const common_parts = {
  profile: PayerPart,
  subscription: Type.Object({ slug: Type.String(), title: Type.String(), ends_at: Instant }),
  /** False for a caller who only reads. */
  may_edit: Type.Boolean(),
  back_url: Type.String(),
};

export const commonSample = {
  profile: payerSample,
  subscription: { slug: 'basic', title: 'Basic', ends_at: new Date('2026-02-10T10:00:00.000Z') },
  may_edit: true,
  back_url: '/profile/ada/subscriptions/',
};

export const usd = (amount: number) => ({ amount, unit: 'usd' });
