import { defineList, defineRetrieve, emit, text, type Context, type Kind, type StoredObject } from '../engine/index.ts';
import type { Charge } from './charge.ts';
import { newObject } from './new-object.ts';

/** A warning of the issuer that a payment is probably fraudulent, before any dispute. */
export interface FraudWarning extends StoredObject {
  /** False once the charge is disputed or refunded whole: nothing can be done any more. */
  readonly actionable: boolean;
  readonly charge: string;
  readonly fraud_type: string;
}

export const fraud_types = [
  'card_never_received',
  'fraudulent_card_application',
  'made_with_counterfeit_card',
  'made_with_lost_card',
  'made_with_stolen_card',
  'misc',
  'unauthorized_use_of_card',
] as const;
export type FraudType = (typeof fraud_types)[number];

const KIND = 'radar.early_fraud_warning';

/** Warns of a charge. Emits `radar.early_fraud_warning.created`. */
export function warnOfFraud(ctx: Context, charge: Charge, fraud_type: FraudType): FraudWarning {
  const warning = newObject<FraudWarning>(ctx, KIND, 'issfr', {
    actionable: !charge.disputed && !charge.refunded,
    charge: charge.id,
    fraud_type,
    ...(charge.payment_intent === null ? {} : { payment_intent: charge.payment_intent }),
  });
  ctx.world.insert(ctx.scope, warning);
  emit(ctx, `${KIND}.created`, warning);
  return warning;
}

/** Ends the warnings of a charge that was disputed or refunded whole. Emits `radar.early_fraud_warning.updated`. */
export function endWarnings(ctx: Context, { id, disputed, refunded }: Charge): void {
  if (!disputed && !refunded) return;
  for (const value of ctx.world.by(ctx.scope, KIND, 'charge', id)) {
    if (value['actionable'] !== true) continue;
    emit(ctx, `${KIND}.updated`, ctx.world.patch(value, { actionable: false }), { actionable: true });
  }
}

/** The task of a card whose issuer warns after the payment. */
function warnPlanned(ctx: Context, args: Readonly<Record<string, string>>): void {
  const charge = ctx.world.get(ctx.scope, 'charge', args['charge'] ?? '') as Charge | undefined; // by kind
  if (charge) warnOfFraud(ctx, charge, 'unauthorized_use_of_card');
}

export const fraud_warnings: Kind = {
  name: KIND,
  prefix: 'issfr',
  expandable: ['charge', 'payment_intent'],
  tasks: { warn_of_fraud: warnPlanned },
  endpoints: [
    defineRetrieve('/v1/radar/early_fraud_warnings/:id', KIND),
    defineList('/v1/radar/early_fraud_warnings', KIND, { charge: text(255), payment_intent: text(255) }),
  ],
};
