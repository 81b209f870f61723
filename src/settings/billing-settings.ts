import type { Setting } from './setting.ts';

/** Settings of orders and invitations. */
export const billingSettings = {
  pay_later_allowed: {
    name: 'PAY_LATER_ALLOWED',
    kind: 'boolean',
    default: 'false',
    description:
      'Managers of a profile may order for it without paying. Otherwise only the provider and the broker may place such an order.',
  },
  seat_code_days: {
    name: 'SEAT_CODE_DAYS',
    kind: 'integer',
    default: '90',
    min: 1,
    max: 3650,
    description: 'Days for which the code of a prepaid seat is valid; the seat itself does not expire.',
  },
  invitation_reminder_days: {
    name: 'INVITATION_REMINDER_DAYS',
    kind: 'numbers',
    default: '7',
    min: 1,
    max: 365,
    description:
      'Days after which an invitation, a request or the code of a seat that still waits is sent again. A comma alone sends none again.',
  },
  payment_reminder_days: {
    name: 'PAYMENT_REMINDER_DAYS',
    kind: 'numbers',
    default: '7,14,28',
    min: 1,
    max: 365,
    description:
      'Days after the mail with a payment link after which its payer is reminded of what is still due. A comma alone sends no reminder.',
  },
} satisfies Record<string, Setting>;

export interface BillingConfig {
  pay_later_allowed: boolean;
  seat_code_days: number;
  invitation_reminder_days: readonly number[];
  payment_reminder_days: readonly number[];
}
