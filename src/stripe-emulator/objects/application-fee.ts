import { emit, inScope, innerList, type Context, type StoredObject } from '../engine/index.ts';
import { postMovement, settle } from './balance.ts';
import type { Charge } from './charge.ts';
import { newObject } from './new-object.ts';

/** The platform's share of a direct charge; the object belongs to the platform. */
export interface ApplicationFee extends StoredObject {
  readonly account: string;
  readonly amount: number;
  readonly amount_refunded: number;
  readonly charge: string;
  readonly currency: string;
  readonly refunded: boolean;
}

/** Makes the fee of a charge on the platform and books it there. Emits `application_fee.created` without an account. */
export function createApplicationFee(ctx: Context, charge: Charge): ApplicationFee {
  const platform = inScope(ctx, { ...ctx.scope, account: '' });
  const id = platform.world.nextId('fee', platform.scope);
  const { currency } = charge;
  const amount = charge.application_fee_amount ?? 0;
  const movement = postMovement(platform, {
    type: 'application_fee',
    reporting_category: 'platform_earning',
    ...settle(ctx, amount, currency),
    source: id,
  });
  const fee = newObject<ApplicationFee>(platform, 'application_fee', 'fee', {
    id,
    account: ctx.scope.account,
    amount,
    amount_refunded: 0,
    application: 'ca_tollgate',
    balance_transaction: movement.id,
    charge: charge.id,
    currency,
    fee_source: { charge: charge.id, type: 'charge' },
    refunded: false,
    refunds: innerList(`/v1/application_fees/${id}/refunds`, []),
  });
  platform.world.insert(platform.scope, fee);
  emit(platform, 'application_fee.created', fee);
  return fee;
}

/** Returns part of a fee: debits the platform and credits the connected account. Emits `application_fee.refunded`. */
export function returnApplicationFee(
  ctx: Context,
  fee: ApplicationFee,
  amount: number,
  metadata: Readonly<Record<string, string>>,
): StoredObject {
  const platform = inScope(ctx, { ...ctx.scope, account: '' });
  const connected = inScope(ctx, { ...ctx.scope, account: fee.account });
  const id = platform.world.nextId('fr', platform.scope);
  const { currency } = fee;
  const movement = postMovement(platform, {
    type: 'application_fee_refund',
    reporting_category: 'platform_earning_refund',
    ...settle(ctx, -amount, currency),
    source: id,
  });
  postMovement(connected, {
    type: 'application_fee_refund',
    reporting_category: 'platform_earning_refund',
    ...settle(ctx, amount, currency),
    source: id,
  });
  const refund = newObject(platform, 'fee_refund', 'fr', {
    id,
    amount,
    balance_transaction: movement.id,
    currency,
    fee: fee.id,
    metadata,
  });
  platform.world.insert(platform.scope, refund);
  const amount_refunded = fee.amount_refunded + amount;
  const after = platform.world.patch(fee, { amount_refunded, refunded: amount_refunded === fee.amount });
  emit(platform, 'application_fee.refunded', after);
  return refund;
}
