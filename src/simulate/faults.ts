import type { Random } from './random.ts';

/**
 * What goes wrong with a call of the processor: `down` the request does not arrive, `slow` it is carried out after the
 * caller gave up, `lost` it is carried out and the response is lost, `twice` it arrives twice, `declined` the bank
 * refuses.
 */
type CallFault = 'down' | 'slow' | 'lost' | 'twice' | 'declined';

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
  /** Keeps a call whose caller gave up. */
  postpone(call: () => Promise<unknown>): void;
  /** Carries out the calls that were kept. */
  runLate(): Promise<void>;
  /** Number of statements after which a cut process ends. */
  drawStatements(): number;
  /** How a bank declines. */
  drawDecline(): 'insufficient_funds' | 'expired_card' | 'lost_card' | 'card_declined';
  /** False: no faults from now on, so that what is open comes to its end. */
  is_active: boolean;
}

const DAY_MS = 86_400_000;
/**
 * A kind of fault that was not drawn for this many calls, or runs, is injected: a business that makes as many has each
 * kind, under any seed.
 */
const CALLS_MAX = 40;
const RUNS_MAX = 400;
const call_faults = ['down', 'slow', 'lost', 'twice'] as const;
const job_faults = ['cut', 'twice', 'together'] as const;
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
  const late: (() => Promise<unknown>)[] = [];
  const isCallOverdue = makeOverdue(call_faults, CALLS_MAX);
  const isRunOverdue = makeOverdue(job_faults, RUNS_MAX);
  const drawCallFault = (name: string, at: Date, drawn: number): CallFault | null => {
    if (isOut(at) || drawn < 0.01) return 'down';
    if (drawn < 0.02) return 'lost';
    if (drawn < 0.03) return 'twice';
    if (drawn < 0.07 && name === 'charge') return 'declined';
    return drawn > 0.99 ? 'slow' : null;
  };
  const drawJobFault = (drawn: number): JobFault | null => {
    if (drawn < 0.02) return 'cut';
    if (drawn < 0.04) return 'twice';
    return drawn < 0.06 ? 'together' : null;
  };
  const plan: FaultPlan = {
    counts,
    is_active: true,
    drawCall(name, at) {
      if (is_together) return null;
      const drawn = random.next();
      if (!plan.is_active) return null;
      const fault = isCallOverdue(drawCallFault(name, at, drawn));
      return fault && count(fault === 'declined' ? 'bank' : 'processor', fault);
    },
    drawJob() {
      const drawn = random.next();
      if (!plan.is_active) return null;
      const fault = isRunOverdue(drawJobFault(drawn));
      return fault && count('job', fault);
    },
    async runTogether(work) {
      is_together = true;
      try {
        return await work();
      } finally {
        is_together = false;
      }
    },
    postpone: (call) => void late.push(call),
    async runLate() {
      if (is_together) return;
      for (const call of late.splice(0)) await call();
    },
    drawStatements: () => random.integer(0, 30),
    drawDecline: () =>
      random.pick(['insufficient_funds', 'insufficient_funds', 'card_declined', 'expired_card', 'lost_card']),
  };
  return plan;
}

/**
 * Returns a function that takes each fault that was drawn, and returns it; without one, a kind that was not drawn for
 * `max` calls.
 */
function makeOverdue<T extends string>(
  kinds: readonly T[],
  max: number,
): <F extends string>(drawn: F | null) => F | T | null {
  const ages = new Map<string, number>(kinds.map((kind) => [kind, 0]));
  return (drawn) => {
    for (const [kind, age] of ages) ages.set(kind, age + 1);
    const fault = drawn ?? kinds.find((kind) => (ages.get(kind) ?? 0) >= max) ?? null;
    if (fault !== null && ages.has(fault)) ages.set(fault, 0);
    return fault;
  };
}
