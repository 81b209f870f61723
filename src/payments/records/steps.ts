import type { DisputeEvidence, Evidence, Funds } from '../processors/index.ts';
import type { Charge, ChargeState } from './charge.ts';

/** What is in the ledger for the disputes of a charge, by their keys; a dispute without entries is absent. */
export type BookedDisputes = ReadonlyMap<string, 'withdrawn' | 'returned'>;

/** A change of a charge that evidence causes; `to` is its state afterwards. */
export type Step = { to: ChargeState } & (
  | { kind: 'pay'; funds: Funds }
  | { kind: 'fail'; detail: string }
  | { kind: 'withdraw' | 'return'; dispute: DisputeEvidence }
  | { kind: 'lose' }
);

/**
 * Returns the steps that evidence causes for a charge, in order; empty if it causes none.
 *
 *     created ──▶ done ──▶ disputed ──▶ done (won, a part lost) · failed (all lost) ──▶ done (won after an appeal)
 *        └──▶ failed
 *
 * Pure. Each step is taken once: a payment by the state of the charge, a dispute by what is booked under its key. Any
 * order and any repetition of evidence, late snapshots included, therefore ends in one state with the same entries.
 * A dispute that was won before it was seen is withdrawn and returned.
 */
export function decideSteps(
  { state, amount }: Pick<Charge, 'state' | 'amount'>,
  booked: BookedDisputes,
  evidence: Evidence,
): Step[] {
  if (evidence.state === 'created') return [];
  if (evidence.state === 'failed')
    return state === 'created' ? [{ kind: 'fail', to: 'failed', detail: evidence.detail }] : [];
  // The payment failed: evidence that it was made contradicts an end.
  if (state === 'failed' && booked.size === 0) return [];
  const { funds, disputes = [] } = evidence;
  const steps: Step[] = state === 'created' ? [{ kind: 'pay', to: 'done', funds }] : [];
  let current: ChargeState = state === 'created' ? 'done' : state;
  const add = (step: Step): void => {
    steps.push(step);
    current = step.to;
  };
  const taken = new Map(disputes.map((dispute) => [dispute.key, booked.get(dispute.key)]));
  const isOpen = () => [...taken.values()].includes('withdrawn');
  for (const dispute of disputes) {
    if (taken.get(dispute.key) === undefined) {
      taken.set(dispute.key, 'withdrawn');
      add({ kind: 'withdraw', to: current === 'failed' ? 'failed' : 'disputed', dispute });
    }
    if (dispute.returned_fee_amount !== null && taken.get(dispute.key) === 'withdrawn') {
      taken.set(dispute.key, 'returned');
      add({ kind: 'return', to: isOpen() ? current : 'done', dispute });
    }
  }
  const open = disputes.filter(({ key }) => taken.get(key) === 'withdrawn');
  if (current === 'disputed' && open.length > 0 && open.every(({ is_lost }) => is_lost))
    add({ kind: 'lose', to: open.some((dispute) => dispute.amount >= amount) ? 'failed' : 'done' });
  return steps;
}
