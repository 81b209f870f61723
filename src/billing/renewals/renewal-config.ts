import type { Processors } from '#payments';
import type { DunningSettings } from '../dunning/index.ts';

/** Settings of the site for renewals and for charges that fail. */
export interface RenewalConfig extends DunningSettings {
  /** Days after its end for which a subscription that was not renewed in time is still renewed. */
  renewal_lapse_days: number;
  /** Days before an end at which a notice is sent, in increasing order. */
  expire_notice_days: readonly number[];
}

export interface RenewalNeeds {
  processors: Processors;
  renewals: RenewalConfig;
}
