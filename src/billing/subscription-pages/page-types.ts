import { pausePage } from './pause-page-type.ts';
import { stopPage } from './stop-page-type.ts';
import { trialPage } from './trial-page-type.ts';

/** Page types of this sub-room. */
export const subscriptionPageTypes = [stopPage, pausePage, trialPage];
