import type { Setting } from './setting.ts';

/** Settings of orders. */
export const billingSettings = {
  pay_later_allowed: {
    name: 'PAY_LATER_ALLOWED',
    kind: 'boolean',
    default: 'false',
    description:
      'Managers of a profile may order for it without paying. Otherwise only the provider and the broker may place such an order.',
  },
} satisfies Record<string, Setting>;

export interface BillingConfig {
  pay_later_allowed: boolean;
}
