import type { FraudWarningReport } from '../dispute-evidence.ts';
import type { ChargeRef } from '../processor-refund.ts';
import { callOptions, requireObject } from './stripe-client.ts';
import { requireStripeId } from './stripe-id.ts';
import type { StripeNeeds } from './stripe-needs.ts';

const PAGE = 100;

/** Returns the early fraud warnings of a charge, oldest first. */
export async function findFraudWarnings(
  { client }: StripeNeeds,
  { processor_key, account }: ChargeRef,
): Promise<FraudWarningReport[]> {
  const params = { charge: requireStripeId(processor_key, 'charge'), limit: PAGE };
  const reports: FraudWarningReport[] = [];
  for await (const warning of client.radar.earlyFraudWarnings.list(params, callOptions(account))) {
    const { id, fraud_type, actionable, created } = requireObject(warning, 'radar.early_fraud_warning');
    const warned_at = new Date(created * 1000);
    reports.push({ key: id, fraud_type: fraud_type.slice(0, 100), is_actionable: actionable, warned_at });
  }
  return reports.toReversed();
}
