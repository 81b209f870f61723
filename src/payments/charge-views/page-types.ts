import { chargesPage } from './charge-list-page-type.ts';
import { chargePage } from './charge-page-type.ts';

/** Page types of this sub-room. */
export const chargePageTypes = [chargesPage, chargePage];
