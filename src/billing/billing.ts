import type { Room } from '#platform/room';
import { adjustmentPages, adjustmentsPage, balanceRoutes, importPage, importPages } from './balances/index.ts';
import { cancellationRoutes, subscriptionCancelled } from './cancellations/index.ts';
import { cardPages, cardPageTypes, providerChargeRoutes } from './cards/index.ts';
import { cartItemPageTypes, cartItemsPages, cartItemsRoutes } from './cart-items/index.ts';
import { cartSeatsPages, cartSeatsPageTypes } from './cart-seats/index.ts';
import { cartPages, cartPageTypes, cartRoutes } from './cart/index.ts';
import { bankPage } from './bank-page.ts';
import { confirmationPages } from './confirmations/index.ts';
import { checkoutPages, checkoutPageTypes, checkoutRoutes } from './checkout/index.ts';
import { claimPageTypes, seatPages, seatRoutes } from './claims/index.ts';
import { claimCodeGenerated, orderExecuted, paymentLinkSent, paymentLinkUnpaid } from './events.ts';
import { renewalEvents } from './renewal-events.ts';
import { changePages, changePageTypes } from './change-pages/index.ts';
import { changeEvents, changeRoutes } from './changes/index.ts';
import { billingJobs, type ReminderDays } from './jobs.ts';
import { creditPages, creditPageTypes, creditRoutes } from './credits/index.ts';
import { couponUsePages, couponUseRoutes, couponUsesPage } from './coupon-uses/index.ts';
import {
  paymentLinkListPages,
  paymentLinkPages,
  paymentLinkPageTypes,
  type PaymentLinkNeeds,
  paymentLinkRoutes,
} from './payment-links/index.ts';
import { dunningRoutes, newCardSubscriber } from './dunning/index.ts';
import { finishLinkPages, finishPage } from './finish-links/index.ts';
import { dunningPages, dunningPageTypes } from './past-due/index.ts';
import type { RenewalNeeds } from './renewals/index.ts';
import { offerPages, offerRoutes, pricingPage } from './offers/index.ts';
import { subscriberFilePage } from './subscriber-file/index.ts';
import { pausePages, stopPages, subscriptionPageTypes, trialPages } from './subscription-pages/index.ts';
import { pauseEvents, pauseRoutes } from './pauses/index.ts';
import { requestExpired } from './requests/index.ts';
import { trialEvents } from './trials/index.ts';
import { receiptPages, receiptPageTypes } from './receipts/index.ts';

// long: the parts of the room
/** Makes the room of carts, quotes, orders and the checkout. */
export function makeBilling({
  processors,
  pay_later_allowed,
  renewals,
  ...reminders
}: PaymentLinkNeeds & RenewalNeeds & ReminderDays): Room {
  return {
    name: 'billing',
    routes(http) {
      offerRoutes(http);
      pauseRoutes(http);
      cancellationRoutes(http, processors);
      cartRoutes(http);
      cartItemsRoutes(http);
      checkoutRoutes(http, processors);
      seatRoutes(http, processors);
      couponUseRoutes(http);
      balanceRoutes(http, processors);
      creditRoutes(http, processors);
      providerChargeRoutes(http);
      dunningRoutes(http, { processors, dunning: renewals });
      changeRoutes(http, processors);
      paymentLinkRoutes(http, { processors, pay_later_allowed });
    },
    pages(http) {
      offerPages(http);
      cartPages(http);
      cartSeatsPages(http);
      cartItemsPages(http);
      checkoutPages(http, processors, pay_later_allowed);
      confirmationPages(http, processors);
      cardPages(http, processors);
      receiptPages(http, processors);
      creditPages(http, processors);
      seatPages(http, processors);
      dunningPages(http, { processors, dunning: renewals });
      finishLinkPages(http, processors);
      adjustmentPages(http, processors);
      importPages(http);
      paymentLinkPages(http, processors);
      paymentLinkListPages(http);
      couponUsePages(http);
      changePages(http, processors);
      stopPages(http, processors);
      pausePages(http);
      trialPages(http);
    },
    page_types: [
      pricingPage,
      ...cartPageTypes,
      ...cartSeatsPageTypes,
      ...cartItemPageTypes,
      ...checkoutPageTypes,
      bankPage,
      ...cardPageTypes,
      ...claimPageTypes,
      ...receiptPageTypes,
      ...dunningPageTypes,
      finishPage,
      ...creditPageTypes,
      adjustmentsPage,
      importPage,
      ...paymentLinkPageTypes,
      subscriberFilePage,
      couponUsesPage,
      ...changePageTypes,
      ...subscriptionPageTypes,
    ],
    subscribers: [newCardSubscriber()],
    jobs: billingJobs({ processors, renewals, ...reminders }),
    events: [
      requestExpired,
      ...trialEvents,
      ...pauseEvents,
      subscriptionCancelled,
      orderExecuted,
      ...renewalEvents,
      ...changeEvents,
      claimCodeGenerated,
      paymentLinkSent,
      paymentLinkUnpaid,
    ],
  };
}
