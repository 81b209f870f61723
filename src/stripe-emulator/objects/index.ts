import type { Kind } from '../engine/index.ts';
import { application_fees } from './application-fees.ts';
import { balance_transaction } from './balance.ts';
import { charges } from './charges.ts';
import { confirmation_tokens } from './confirmation-tokens.ts';
import { customers } from './customers.ts';
import { disputes } from './disputes.ts';
import { fraud_warnings } from './fraud-warning.ts';
import { payment_intents } from './payment-intents.ts';
import { payment_methods } from './payment-methods.ts';
import { refunds } from './refunds.ts';
import { mandates, setup_attempts, setup_intents } from './setup-intents.ts';

/** Every kind of object with its endpoints: a new kind is one file and one line. */
export const kinds: readonly Kind[] = [
  application_fees,
  balance_transaction,
  charges,
  confirmation_tokens,
  customers,
  disputes,
  fraud_warnings,
  mandates,
  payment_intents,
  payment_methods,
  refunds,
  setup_attempts,
  setup_intents,
];

export { returnApplicationFee, type ApplicationFee } from './application-fee.ts';
export { assertChargeable } from './amounts.ts';
export { balanceOf, postMovement, type BalanceTransaction } from './balance.ts';
export { finishAuthentication, settleDelayed } from './confirm-intent.ts';
export { cardError } from './card-input.ts';
export { newObject } from './new-object.ts';
export { fraud_types, warnOfFraud } from './fraud-warning.ts';
export { moveDispute, openDispute, type Dispute, type DisputeStatus } from './dispute.ts';
export { finishSetupAuthentication, type SetupIntent } from './setup-intent.ts';
export { moveRefund, type Refund } from './refund.ts';
export type { Charge } from './charge.ts';
export type { PaymentIntent } from './payment-intent.ts';
export { detachMethod, updateFromIssuer, type CardUpdate, type PaymentMethod } from './payment-method.ts';
