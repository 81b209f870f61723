import { completeSessions } from '../checkout/index.ts';
import {
  advancePayout,
  deauthorizeAccount,
  mayReach,
  setAccountState,
  type Payout,
  type PayoutStatus,
} from '../connect/index.ts';
import { HIDDEN, type Context, type StoredObject } from '../engine/index.ts';
import {
  detachMethod,
  finishAuthentication,
  finishSetupAuthentication,
  moveDispute,
  moveRefund,
  openDispute,
  settleDelayed,
  updateFromIssuer,
  warnOfFraud,
  type Charge,
  type Dispute,
  type DisputeStatus,
  type PaymentIntent,
  type PaymentMethod,
  type Refund,
  type SetupIntent,
} from '../objects/index.ts';

/** Something that the outside world does to an object: a button of the console. */
export interface ObjectAction {
  readonly label: string;
  readonly run: (ctx: Context) => void;
}

const PAYOUT_STATES: readonly PayoutStatus[] = ['in_transit', 'paid', 'failed', 'canceled'];
const DISPUTE_ENDS = ['won', 'lost', 'under_review'] as const;

/** Returns what may happen to an object in its state, by name. */
export function actionsOf(value: StoredObject): Readonly<Record<string, ObjectAction>> {
  if (value['deleted'] === true) return {};
  switch (value.object) {
    case 'account':
      return accountActions(value);
    case 'payment_intent':
      return paymentActions(value as PaymentIntent); // kind
    case 'setup_intent':
      return setupActions(value as SetupIntent); // kind
    case 'payment_method':
      return methodActions(value as PaymentMethod); // kind
    case 'charge':
      return chargeActions(value as Charge); // kind
    case 'dispute':
      return disputeActions(value as Dispute); // kind
    case 'refund':
      return refundActions(value as Refund); // kind
    case 'payout':
      return payoutActions(value as Payout); // kind
    default:
      return {};
  }
}

function accountActions({ id, ...account }: StoredObject): Record<string, ObjectAction> {
  const { is_platform } = (account[HIDDEN] ?? {}) as { is_platform?: boolean }; // newAccount
  if (is_platform === true) return {};
  return {
    ready: { label: 'Complete all details', run: (ctx) => setAccountState(ctx, id, 'ready') },
    review: { label: 'Put payouts in review', run: (ctx) => setAccountState(ctx, id, 'review') },
    restrict: { label: 'Restrict the account', run: (ctx) => setAccountState(ctx, id, 'restrict') },
    deauthorize: { label: 'Disconnect from the platform', run: (ctx) => deauthorizeAccount(ctx, id) },
  };
}

function setupActions(intent: SetupIntent): Record<string, ObjectAction> {
  if (intent.status !== 'requires_action') return {};
  const finish = (is_approved: boolean) => (ctx: Context) =>
    completeSessions(ctx, finishSetupAuthentication(ctx, intent, is_approved));
  return {
    approve: { label: 'Approve the authentication', run: finish(true) },
    fail: { label: 'Fail the authentication', run: finish(false) },
  };
}

function paymentActions(intent: PaymentIntent): Record<string, ObjectAction> {
  const finish = (is_approved: boolean) => (ctx: Context) =>
    completeSessions(ctx, finishAuthentication(ctx, intent, is_approved));
  if (intent.status === 'requires_action') {
    return {
      approve: { label: 'Approve the authentication', run: finish(true) },
      fail: { label: 'Fail the authentication', run: finish(false) },
    };
  }
  if (intent.status !== 'processing') return {};
  return {
    finish: { label: 'Finish the payment', run: (ctx) => settleDelayed(ctx, intent, false) },
    fail_later: { label: 'Fail the payment', run: (ctx) => settleDelayed(ctx, intent, true) },
  };
}

function methodActions(method: PaymentMethod): Record<string, ObjectAction> {
  if (method.customer === null) return {};
  const detach = { label: 'Detach from the customer', run: (ctx: Context) => void detachMethod(ctx, method) };
  const exp_year = method.card?.['exp_year'];
  if (typeof exp_year !== 'number') return { detach };
  const later = { exp_year: exp_year + 3 };
  return {
    update: {
      label: 'Update the card automatically: three more years',
      run: (ctx) => void updateFromIssuer(ctx, method, later),
    },
    detach,
  };
}

function chargeActions(charge: Charge): Record<string, ObjectAction> {
  if (charge.status !== 'succeeded' || charge.refunded) return {};
  const open = (is_inquiry: boolean) => (ctx: Context) =>
    void openDispute(ctx, charge, { reason: 'fraudulent', is_inquiry });
  return {
    dispute: { label: 'Dispute the charge', run: open(false) },
    warn: {
      label: 'Warn of fraud',
      run: (ctx) => void warnOfFraud(ctx, charge, 'unauthorized_use_of_card'),
    },
    inquire: { label: 'Open an inquiry', run: open(true) },
  };
}

/** What the control API may do to a dispute, by its state. A dispute that was lost can be won by an appeal. */
function disputeActions(dispute: Dispute): Record<string, ObjectAction> {
  const move = (to: DisputeStatus, label: string): ObjectAction => ({
    label,
    run: (ctx) => void moveDispute(ctx, dispute, to),
  });
  if (dispute.status === 'lost') return { appeal_won: move('won', 'Let the appeal be won') };
  if (['won', 'prevented', 'warning_closed'].includes(dispute.status)) return {};
  const isInquiry = dispute.status.startsWith('warning_');
  const entries = DISPUTE_ENDS.filter((to) => to !== dispute.status).map(
    (to) => [to, move(to, `Make the dispute ${to.replace('_', ' ')}`)] as const,
  );
  return {
    ...(isInquiry ? { open: move('needs_response', 'Make the inquiry a dispute') } : {}),
    ...Object.fromEntries(entries),
    prevented: move('prevented', 'Prevent the dispute'),
  };
}

function refundActions(refund: Refund): Record<string, ObjectAction> {
  const succeed = { label: 'Let the refund succeed', run: (ctx: Context) => void moveRefund(ctx, refund, 'succeeded') };
  const fail = { label: 'Let the refund fail', run: (ctx: Context) => void moveRefund(ctx, refund, 'failed') };
  if (refund.status === 'succeeded') return { fail };
  return refund.status === 'pending' ? { succeed, fail } : {};
}

function payoutActions(payout: Payout): Record<string, ObjectAction> {
  const entries = PAYOUT_STATES.filter((to) => mayReach(payout.status, to)).map((to) => {
    const run = (ctx: Context) => void advancePayout(ctx, payout, to);
    return [to, { label: `Make the payout ${to.replace('_', ' ')}`, run }] as const;
  });
  return Object.fromEntries(entries);
}
