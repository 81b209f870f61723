import type { Setting } from './setting.ts';

/** Settings of renewals, of the charges that they make, and of charges that fail. */
export const renewalSettings = {
  renewal_lapse_days: {
    name: 'RENEWAL_LAPSE_DAYS',
    kind: 'integer',
    default: '7',
    min: 0,
    max: 90,
    description:
      'Days after its end during which a subscription that was not renewed in time, because no worker ran, is still renewed.',
  },
  expire_notice_days: {
    name: 'EXPIRE_NOTICE_DAYS',
    kind: 'numbers',
    default: '15',
    min: 1,
    max: 365,
    description: 'Days before the end of a subscription at which its subscriber is notified.',
  },
  dunning_retry_days: {
    name: 'DUNNING_RETRY_DAYS',
    kind: 'numbers',
    default: '1,3',
    min: 1,
    max: 365,
    description:
      'Days after the first failed charge of a renewal at which the card is charged again. A provider may set others.',
  },
  dunning_grace_days: {
    name: 'DUNNING_GRACE_DAYS',
    kind: 'integer',
    default: '7',
    min: 0,
    max: 365,
    description:
      'Days after the first failed charge after which an unpaid subscription ends. A provider may set others.',
  },
  dunning_access: {
    name: 'DUNNING_ACCESS',
    kind: 'string',
    default: 'keep',
    one_of: ['keep', 'after_days', 'none'],
    description:
      'Access to a subscription with a failed charge: kept until the end, for DUNNING_ACCESS_DAYS, or none. A provider may set another.',
  },
  dunning_access_days: {
    name: 'DUNNING_ACCESS_DAYS',
    kind: 'integer',
    default: '3',
    min: 0,
    max: 365,
    description: 'Days of access after the first failed charge, if DUNNING_ACCESS is after_days.',
  },
  dunning_end: {
    name: 'DUNNING_END',
    kind: 'string',
    default: 'end',
    one_of: ['end', 'suspend', 'keep'],
    description:
      'What happens to an unpaid subscription after the grace days: it ends, is suspended for up to 90 days, or goes on. A provider may set another.',
  },
  dunning_used_part: {
    name: 'DUNNING_USED_PART',
    kind: 'string',
    default: 'due',
    one_of: ['due', 'written_off'],
    description:
      'What happens to the price of the used part of a subscription that ended unpaid. A provider may set another.',
  },
} satisfies Record<string, Setting>;

export interface RenewalConfig {
  renewal_lapse_days: number;
  /** In increasing order. */
  expire_notice_days: readonly number[];
  /** In increasing order. */
  dunning_retry_days: readonly number[];
  dunning_grace_days: number;
  dunning_access: 'keep' | 'after_days' | 'none';
  dunning_access_days: number;
  dunning_end: 'end' | 'suspend' | 'keep';
  dunning_used_part: 'due' | 'written_off';
}
