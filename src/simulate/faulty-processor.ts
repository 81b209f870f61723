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

/** Wraps processors so that calls that move money, and those that look them up, fail as the plan says. */
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
    <Request, Outcome>(name: string, call: (request: Request) => Promise<Outcome>) =>
    async (request: Request): Promise<Outcome> => {
      const fault = plan.drawCall(name, clock.now());
      if (fault === 'down') throw new Error('simulated: the processor does not respond');
      const outcome = await call(request);
      if (fault === 'lost') throw new Error('simulated: the response was lost');
      return fault === 'twice' ? call(request) : outcome;
    };
  return {
    ...processor,
    charge: async (request) => {
      const fault = plan.drawCall('charge', clock.now());
      if (fault === 'down') throw new Error('simulated: the processor does not respond');
      if (fault === 'declined') {
        const code = plan.drawDecline();
        return { outcome: 'declined', kind: decline_kinds[code], code, detail: 'Your card was declined.' };
      }
      const outcome = await processor.charge(request);
      if (fault === 'lost') throw new Error('simulated: the response was lost');
      return fault === 'twice' ? processor.charge(request) : outcome;
    },
    findByKey: guard('findByKey', (attempt) => processor.findByKey(attempt)),
    retrieve: guard('retrieve', (charge) => processor.retrieve(charge)),
    refund: guard('refund', (request) => processor.refund(request)),
    findRefund: guard('findRefund', (refund) => processor.findRefund(refund)),
    saveCard: guard('saveCard', (request) => processor.saveCard(request)),
  };
}
