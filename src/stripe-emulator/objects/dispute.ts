import { emit, type Context, type StoredObject } from '../engine/index.ts';
import { postMovement, settle, type BalanceTransaction } from './balance.ts';
import type { Charge } from './charge.ts';
import { endWarnings } from './fraud-warning.ts';
import { newObject } from './new-object.ts';
import { unrefunded } from './refund.ts';

export interface Dispute extends StoredObject {
  readonly amount: number;
  /** Zero for an inquiry, one after the withdrawal, two after a win. */
  readonly balance_transactions: readonly BalanceTransaction[];
  readonly charge: string;
  readonly currency: string;
  readonly evidence: Readonly<Record<string, unknown>>;
  readonly evidence_details: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly status: DisputeStatus;
}

const dispute_statuses = [
  'warning_needs_response',
  'warning_under_review',
  'warning_closed',
  'needs_response',
  'under_review',
  'won',
  'lost',
  'prevented',
] as const;
export type DisputeStatus = (typeof dispute_statuses)[number];

const DUE_S = 9 * 86_400;
const EVIDENCE =
  'access_activity_log appeal billing_address cancellation_policy cancellation_policy_disclosure cancellation_rebuttal ' +
  'customer_communication customer_email_address customer_name customer_purchase_ip customer_signature ' +
  'duplicate_charge_documentation duplicate_charge_explanation duplicate_charge_id product_description receipt ' +
  'refund_policy refund_policy_disclosure refund_refusal_explanation service_date service_documentation ' +
  'shipping_address shipping_carrier shipping_date shipping_documentation shipping_tracking_number uncategorized_file ' +
  'uncategorized_text';
export const evidence_fields = EVIDENCE.split(' ');

/** Opens a dispute of a charge, at most over what is not refunded. An inquiry takes no money. */
export function openDispute(
  ctx: Context,
  charge: Charge,
  { reason, is_inquiry, amount }: { reason: string; is_inquiry: boolean; amount?: number | undefined },
): Dispute {
  const card = charge['payment_method_details'];
  const dispute = newObject<Dispute>(ctx, 'dispute', 'dp', {
    amount: Math.min(amount ?? charge.amount, unrefunded(ctx, charge)),
    balance_transactions: [],
    charge: charge.id,
    currency: charge.currency,
    enhanced_eligibility_types: [],
    evidence: { ...Object.fromEntries(evidence_fields.map((name) => [name, null])), enhanced_evidence: {} },
    evidence_details: {
      due_by: ctx.world.now + DUE_S,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: 'manual',
    },
    is_charge_refundable: is_inquiry,
    payment_intent: charge.payment_intent,
    payment_method_details: {
      card: {
        brand: brandOfDetails(card),
        case_type: is_inquiry ? 'inquiry' : 'chargeback',
        network: 'visa',
        network_reason_code: '10.4',
      },
      type: 'card',
    },
    reason,
    status: is_inquiry ? 'warning_needs_response' : 'needs_response',
  });
  ctx.world.insert(ctx.scope, dispute);
  const opened = is_inquiry ? dispute : withdraw(ctx, dispute);
  const after = ctx.world.patch(charge, { disputed: true });
  emit(ctx, 'charge.dispute.created', opened);
  if (!is_inquiry) emit(ctx, 'charge.dispute.funds_withdrawn', opened);
  emit(ctx, 'charge.updated', after, { disputed: false });
  endWarnings(ctx, after);
  return opened;
}

/** Moves a dispute to another state; a win returns the money, and the fee when the switch says so. */
export function moveDispute(ctx: Context, dispute: Dispute, to: DisputeStatus): Dispute {
  if (dispute.status === to) return dispute;
  const has_withdrawn = dispute.balance_transactions.length % 2 === 1;
  let moved = ctx.world.patch(dispute, { status: to });
  if (!has_withdrawn && (to === 'needs_response' || to === 'lost')) {
    moved = withdraw(ctx, moved);
    emit(ctx, 'charge.dispute.funds_withdrawn', moved);
  }
  if (has_withdrawn && (to === 'won' || to === 'prevented')) {
    moved = reinstate(ctx, moved);
    emit(ctx, 'charge.dispute.closed', moved, { status: dispute.status });
    emit(ctx, 'charge.dispute.funds_reinstated', moved);
    return moved;
  }
  const is_closed = to === 'won' || to === 'lost' || to === 'warning_closed' || to === 'prevented';
  emit(ctx, is_closed ? 'charge.dispute.closed' : 'charge.dispute.updated', moved, { status: dispute.status });
  return moved;
}

/** The task of a card that is disputed after the payment. */
export function openPlanned(ctx: Context, args: Readonly<Record<string, string>>): void {
  const charge = ctx.world.get(ctx.scope, 'charge', args['charge'] ?? '') as Charge | undefined;
  if (!charge || unrefunded(ctx, charge) === 0) return;
  const amount = args['amount'] === undefined ? undefined : Number(args['amount']);
  openDispute(ctx, charge, { reason: args['reason'] ?? 'general', is_inquiry: args['inquiry'] === 'true', amount });
}

function withdraw(ctx: Context, dispute: Dispute): Dispute {
  const { dispute_fee: fee } = ctx.settings;
  const movement = postMovement(ctx, {
    type: 'adjustment',
    reporting_category: 'dispute',
    ...settle(ctx, -dispute.amount, dispute.currency),
    source: dispute.id,
    description: `Chargeback withdrawal for ${dispute.charge}`,
    fee_details: [
      {
        amount: fee,
        application: null,
        currency: settle(ctx, 0, dispute.currency).currency,
        description: 'Dispute fee',
        type: 'stripe_fee',
      },
    ],
  });
  return ctx.world.patch(dispute, { balance_transactions: [...dispute.balance_transactions, movement] });
}

function reinstate(ctx: Context, dispute: Dispute): Dispute {
  const { dispute_fee, dispute_fee_returned } = ctx.settings;
  const movement = postMovement(ctx, {
    type: 'adjustment',
    reporting_category: 'dispute_reversal',
    ...settle(ctx, dispute.amount, dispute.currency),
    source: dispute.id,
    description: `Chargeback reversal for ${dispute.charge}`,
    fee_details: dispute_fee_returned
      ? [
          {
            amount: -dispute_fee,
            application: null,
            currency: dispute.currency,
            description: 'Dispute fee refund',
            type: 'stripe_fee',
          },
        ]
      : [],
  });
  return ctx.world.patch(dispute, { balance_transactions: [...dispute.balance_transactions, movement] });
}

function brandOfDetails(details: unknown): unknown {
  if (typeof details !== 'object' || details === null || !('card' in details)) return 'visa';
  const { card } = details;
  return typeof card === 'object' && card !== null && 'brand' in card ? card.brand : 'visa';
}
