import type { Processors } from '#payments';
import type { Clock } from '#platform/clock';
import type { FaultPlan } from './faults.ts';

type Processor = Processors['chosen'];

const decline_kinds = {
  insufficient_funds: 'retry',
  card_declined: 'retry',
  expired_card: 'new_card',
  lost_card: 'stop',
} as const;

/**
 * Wraps processors so that calls that move money, and those that look them up, fail as the plan says.
 *
 * A slow call is carried out before the next one begins, or the clock moves: after its caller gave up, and before a job
 * looks it up.
 */
export function withFaults(processors: Processors, plan: FaultPlan, clock: Clock): Processors {
  const chosen = wrap(processors.chosen, plan, clock);
  return {
    ...processors,
    chosen,
    getByName: (name) => (name === chosen.name ? chosen : wrap(processors.getByName(name), plan, clock)),
  };
}

function wrap(processor: Processor, plan: FaultPlan, clock: Clock): Processor {
  /** Calls carry the key of Tollgate, so the processor carries out a repeated one once. */
  const guard =
    <Request, Outcome>(name: string, call: (request: Request) => Promise<Outcome>, decline?: () => Outcome) =>
    async (request: Request): Promise<Outcome> => {
      await plan.runLate();
      const fault = plan.drawCall(name, clock.now());
      if (fault === 'declined' && decline) return decline();
      if (fault === 'down') throw new Error('simulated: the processor does not respond');
      if (fault === 'slow') {
        plan.postpone(() => call(request));
        throw new Error('simulated: the processor took too long');
      }
      const outcome = await call(request);
      if (fault === 'lost') throw new Error('simulated: the response was lost');
      return fault === 'twice' ? call(request) : outcome;
    };
  return {
    ...processor,
    charge: guard(
      'charge',
      (request) => processor.charge(request),
      () => {
        const code = plan.drawDecline();
        return { outcome: 'declined', kind: decline_kinds[code], code, detail: 'Your card was declined.' };
      },
    ),
    findByKey: guard('findByKey', (attempt) => processor.findByKey(attempt)),
    retrieve: guard('retrieve', (charge) => processor.retrieve(charge)),
    refund: guard('refund', (request) => processor.refund(request)),
    findRefund: guard('findRefund', (refund) => processor.findRefund(refund)),
    saveCard: guard('saveCard', (request) => processor.saveCard(request)),
    payoutAccount: guard('payoutAccount', (account) => processor.payoutAccount(account)),
    payout: guard('payout', (request) => processor.payout(request)),
    findPayout: guard('findPayout', (payout) => processor.findPayout(payout)),
  };
}
