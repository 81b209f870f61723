import type { Random } from './random.ts';

/**
 * What goes wrong with a call of the processor: `down` the request does not arrive, `lost` it is carried out and the
 * response is lost, `twice` it arrives twice, `declined` the bank refuses.
 */
type CallFault = 'down' | 'lost' | 'twice' | 'declined';

/**
 * What goes wrong with a run of a job: `cut` its process ends after some statements, `twice` a second node runs it
 * later, `together` a second node runs it at the same time.
 */
type JobFault = 'cut' | 'twice' | 'together';

/** The faults of a simulation, drawn in the order of the calls and runs, and how many were injected. */
export interface FaultPlan {
  readonly counts: Map<string, number>;
  /** Fault of the next call; while the processor is out, every call is `down`. */
  drawCall(name: string, at: Date): CallFault | null;
  /** Fault of the next run of a job. */
  drawJob(): JobFault | null;
  /** Runs work that two nodes do at the same time, without faults of calls: their order is not that of the seed. */
  runTogether<T>(work: () => Promise<T>): Promise<T>;
  /** Number of statements after which a cut process ends. */
  drawStatements(): number;
  /** How a bank declines. */
  drawDecline(): 'insufficient_funds' | 'expired_card' | 'lost_card' | 'card_declined';
  /** False: no faults from now on, so that what is open comes to its end. */
  is_active: boolean;
}

const DAY_MS = 86_400_000;
/** The processor is out for this long, once in a span of days. */
const OUTAGE_MS = 5 * 3_600_000;
const OUTAGE_DAYS = 23;

/** Makes the plan of a seed. `start` is the first instant of the simulation. */
export function makeFaultPlan(random: Random, start: Date): FaultPlan {
  const counts = new Map<string, number>();
  const count = <T extends string>(kind: string, fault: T): T => {
    counts.set(`${kind} ${fault}`, (counts.get(`${kind} ${fault}`) ?? 0) + 1);
    return fault;
  };
  const phase_ms = random.integer(0, OUTAGE_DAYS * DAY_MS);
  const isOut = (at: Date) => (at.getTime() - start.getTime() + phase_ms) % (OUTAGE_DAYS * DAY_MS) < OUTAGE_MS;
  let is_together = false;
  const plan: FaultPlan = {
    counts,
    is_active: true,
    drawCall(name, at) {
      if (is_together) return null;
      const drawn = random.next();
      if (!plan.is_active) return null;
      if (isOut(at)) return count('processor', 'down');
      if (drawn < 0.01) return count('processor', 'down');
      if (drawn < 0.02) return count('processor', 'lost');
      if (drawn < 0.03) return count('processor', 'twice');
      if (drawn < 0.07 && name === 'charge') return count('bank', 'declined');
      return null;
    },
    drawJob() {
      const drawn = random.next();
      if (!plan.is_active) return null;
      if (drawn < 0.02) return count('job', 'cut');
      if (drawn < 0.04) return count('job', 'twice');
      return drawn < 0.06 ? count('job', 'together') : null;
    },
    async runTogether(work) {
      is_together = true;
      try {
        return await work();
      } finally {
        is_together = false;
      }
    },
    drawStatements: () => random.integer(0, 30),
    drawDecline: () =>
      random.pick(['insufficient_funds', 'insufficient_funds', 'card_declined', 'expired_card', 'lost_card']),
  };
  return plan;
}
