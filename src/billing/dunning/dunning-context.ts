import type { PaymentContext } from '#payments';
import type { DunningSettings } from './dunning-terms.ts';

/** Context of verbs that charge what is due, with the settings of the site. */
export interface DunningContext extends PaymentContext {
  readonly dunning: DunningSettings;
}
