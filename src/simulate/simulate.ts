import { pino } from 'pino';
import { sealLedger, verifyLedger } from '#ledger';
import type { MovableClock } from '#platform/clock';
import { movableClock } from '#platform/clock';
import type { Database } from '#platform/db/database';
import { makeWorker, type Worker } from '#platform/jobs/worker';
import { buildTollgate, type Tollgate } from '../app.ts';
import { readConfig } from '../config.ts';
import { ledgerChecks } from '../ledger-checks.ts';
import { setUpSite } from '../set-up/set-up-site.ts';
import { type Action, actions, endings, type Person } from './actions.ts';
import { decidePayout, payOut } from './payouts.ts';
import { makeCatalog, managers, type SoldPlan } from './catalog.ts';
import { compareMetrics } from './compare-metrics.ts';
import { checkRules, countCheckedRules } from './check-rules.ts';
import { type FaultPlan, makeFaultPlan } from './faults.ts';
import { withJobFaults } from './faulty-jobs.ts';
import { withFaults } from './faulty-processor.ts';
import type { OutsideWorld } from './outside/outside-world.ts';
import { startStripeWorld } from './outside/stripe-world.ts';
import { makeTestWorld } from './outside/test-world.ts';
import { makeRandom, type Random } from './random.ts';
import { withRareChecks } from './rare-checks.ts';
import { type BusinessTotals, readLastIds, readTotals } from './rule-store.ts';
import type { SimulationOptions, SimulationResult } from './simulation.ts';
import { BROKER, connectSite, type Reply, type SimulatedSite } from './site.ts';

const DAY_MS = 86_400_000;
const START = new Date('2026-01-01T00:00:00Z');
const MONTH_DAYS = 30.4375;
/** Mean number of days between two actions of a person. */
const ACTION_DAYS = 14;
/** Mean number of days between two payouts of a provider. */
const PAYOUT_DAYS = 6;
/** Days at the end without faults, in which jobs end what is open. */
const SETTLING_DAYS = 3;

interface Simulation {
  options: SimulationOptions;
  clock: MovableClock;
  database: Database;
  site: SimulatedSite;
  world: OutsideWorld;
  plans: readonly [SoldPlan, ...SoldPlan[]];
  faults: FaultPlan;
  worker: Worker;
  random: Random;
  result: SimulationResult;
}

/**
 * Runs a business on an empty, migrated database: people come, buy, change and leave by the API, while the processor
 * and the jobs fail as the seed says. Stops at the first rule that is broken.
 */
export async function simulate(database: Database, options: SimulationOptions): Promise<SimulationResult> {
  const clock = movableClock(START);
  const { seed, processor = 'test' } = options;
  const world = await (processor === 'stripe' ? startStripeWorld({ clock, seed }) : makeTestWorld());
  try {
    return await simulateOn(world, { clock, database, options });
  } finally {
    await world.stop();
  }
}

async function simulateOn(
  world: OutsideWorld,
  { clock, database, options }: Pick<Simulation, 'clock' | 'database' | 'options'>,
): Promise<SimulationResult> {
  const faults = makeFaultPlan(makeRandom(options.seed, 'faults'), START);
  const secret = `simulation-${options.seed}`.padEnd(48, '-secret');
  const config = readConfig(
    {},
    {
      mode: 'development',
      database_url: null,
      host: '127.0.0.1',
      port: 0,
      site_slug: BROKER,
      site_title: 'Simulated',
      throttle_factor: 1_000_000,
      requests_per_minute_max: 1_000_000,
      terms_required: false,
      ...world.config,
    },
  );
  await setUpSite(database.db, clock, { slug: BROKER, title: 'Simulated', email: config.site_email });
  const log = pino({ level: 'silent' });
  const tollgate = await buildTollgate({
    config,
    secret,
    database,
    clock,
    movable: clock,
    log,
    wrapProcessors: (processors) => withFaults(processors, faults, clock),
  });
  try {
    await tollgate.http.ready();
    const site = connectSite(tollgate, await tollgate.makeContext('simulate'), config, secret);
    world.connect(tollgate);
    faults.is_active = false;
    const plans = await makeCatalog(site);
    for (const provider of Object.keys(managers)) await site.connectBank(provider);
    faults.is_active = true;
    const simulation: Simulation = {
      options,
      clock,
      database,
      site,
      world,
      plans,
      faults,
      worker: faultyWorker(tollgate, { database, clock, faults }),
      random: makeRandom(options.seed, 'people'),
      result: emptyResult(options),
    };
    await runDays(simulation);
    return await finish(simulation);
  } finally {
    await tollgate.close();
  }
}

function emptyResult({ seed, subscribers, months, processor = 'test' }: SimulationOptions): SimulationResult {
  return {
    seed,
    subscribers,
    months,
    processor,
    actions: {},
    faults: {},
    missing: [],
    totals: {} as BusinessTotals, // read at the end
    rules_checked: countCheckedRules({ is_final: true }),
    checks_count: 0,
    runs_count: 0,
    metrics_compared: 0,
    broken: [],
  };
}

function faultyWorker(
  tollgate: Tollgate,
  { database, clock, faults }: Pick<Simulation, 'database' | 'clock' | 'faults'>,
): Worker {
  return makeWorker({
    db: database.db,
    clock,
    jobs: withJobFaults(withRareChecks(tollgate.rooms.flatMap(({ jobs = [] }) => jobs)), faults),
    subscribers: tollgate.rooms.flatMap(({ subscribers = [] }) => subscribers),
    makeContext: tollgate.makeContext,
    log: pino({ level: 'silent' }),
  });
}

interface Resident extends Person {
  /** Day of the next action. */
  acts_on: number;
}

async function runDays(simulation: Simulation): Promise<void> {
  const { options, random, site, result } = simulation;
  const days = Math.round(options.months * MONTH_DAYS);
  const offered = actions.filter(({ requires: [method, url] }) => site.has(method, url));
  result.missing = actions.filter((action) => !offered.includes(action)).map(({ name }) => name);
  const residents: Resident[] = [];
  const arrivals = Array.from({ length: options.subscribers }, () => random.integer(0, Math.floor(days * 0.7)));
  for (let day = 0; day < days && result.broken.length === 0; day += 1) {
    await moveTo(simulation, new Date(START.getTime() + day * DAY_MS + random.integer(1, DAY_MS / 1000 - 2) * 1000));
    for (const arrival of arrivals) {
      if (arrival !== day) continue;
      const username = `sub-${residents.length + 1}`;
      await site.addUser(username);
      await moveHouse(site, random, username);
      residents.push({ username, plan: null, quantity: 1, acts_on: day });
    }
    for (const person of residents) {
      if (person.acts_on > day) continue;
      const action = person.plan === null ? actions[0] : draw(offered, random);
      if (action) await act(simulation, action, person);
      person.acts_on = day + 1 + Math.floor(-Math.log(1 - random.next()) * ACTION_DAYS);
    }
    for (const provider of Object.keys(managers)) await actForProvider(simulation, provider);
    await check(simulation, { is_final: false });
    options.onDay?.(day + 1, days);
  }
  if (result.broken.length > 0) return;
  simulation.faults.is_active = false;
  simulation.world.endFaults();
  for (const person of residents)
    for (const action of endings) while ((await act(simulation, action, person))?.status === 200);
  while ((await count(simulation, 'decide payout', await decidePayout(simulation.world, random)))?.status === 200);
  await moveTo(simulation, new Date(simulation.clock.now().getTime() + SETTLING_DAYS * DAY_MS));
}

const zones = ['UTC', 'Pacific/Kiritimati', 'America/Havana', 'Asia/Kathmandu', 'Australia/Lord_Howe'] as const;

/** Gives a person a zone of their own: no amount and no instant depends on it. */
async function moveHouse(site: SimulatedSite, random: Random, username: string): Promise<void> {
  const body = { full_name: `User ${username}`, default_timezone: random.pick(zones) };
  const { status, body: reply } = await site.call(username, 'PUT', `/api/profile/${username}`, body);
  if (status !== 200) throw new Error(`${username} has no zone: ${JSON.stringify(reply)}`);
}

function draw(offered: readonly Action[], random: Random): Action | undefined {
  let place = random.next() * offered.reduce((sum, { weight }) => sum + weight, 0);
  return offered.find(({ weight }) => (place -= weight) < 0);
}

/** Lets a person act, and counts the outcome. */
async function act(simulation: Simulation, action: Action, person: Person): Promise<Reply | null> {
  const { site, world, random, plans, clock, database, result } = simulation;
  const before = await readLastIds(database.db);
  const reply = await action.run({ site, world, random, person, plans, now: clock.now() });
  if (reply !== null && reply.status >= 400 && reply.status < 500 && !action.is_partial) {
    const after = await readLastIds(database.db);
    if (JSON.stringify(after) !== JSON.stringify(before))
      result.broken.push({
        rule: `${action.name} that is refused writes nothing (2)`,
        rows: [before, after, { ...reply }],
      });
  }
  return count(simulation, action.name, reply);
}

/** Lets a provider pay out its funds, and the bank decide. */
async function actForProvider(simulation: Simulation, provider: string): Promise<void> {
  const { site, random, clock } = simulation;
  if (random.chance(1 / PAYOUT_DAYS))
    await count(simulation, 'pay out', await payOut(site, random, provider, clock.now()));
  if (random.chance(2 / PAYOUT_DAYS))
    await count(simulation, 'decide payout', await decidePayout(simulation.world, random));
}

/** Counts the outcome of an action. A response 5xx, other than an unreachable processor, breaks a rule. */
async function count({ result, clock }: Simulation, action: string, reply: Reply | null): Promise<Reply | null> {
  if (reply === null) return null;
  const name = `${action}: ${reply.status < 300 ? 'done' : (reply.code ?? String(reply.status))}`;
  result.actions[name] = (result.actions[name] ?? 0) + 1;
  if (reply.status >= 500 && reply.code !== 'processor_unreachable' && reply.code !== 'payment_unknown')
    result.broken.push({ rule: `${action} is answered`, rows: [{ at: clock.now(), ...reply }] });
  return reply;
}

async function moveTo({ clock, worker, faults, world, result }: Simulation, to: Date): Promise<void> {
  await faults.runLate();
  await world.deliver();
  const { runs_count, failed } = await worker.runDue(clock, to);
  result.runs_count += runs_count;
  if (failed.length > 0) result.broken.push({ rule: 'every job succeeds', rows: failed.slice(0, 5) });
}

async function check(
  { database: { db }, world, result }: Simulation,
  { is_final }: { is_final: boolean },
): Promise<void> {
  result.checks_count += 1;
  result.broken.push(...(await checkRules(db, { is_final, processor: world.rows() })));
}

async function finish(simulation: Simulation): Promise<SimulationResult> {
  const { database, clock, faults, result, options, site, world } = simulation;
  const { db } = database;
  if (result.broken.length === 0) await check(simulation, { is_final: true });
  await sealLedger(db);
  const { violations } = await verifyLedger(db, { checks: ledgerChecks });
  for (const { rule, where, detail } of violations.slice(0, 5)) result.broken.push({ rule, rows: [{ where, detail }] });
  for (const rule of world.violations()) result.broken.push({ rule, rows: [] });
  result.faults = sortedCounts(faults.counts);
  result.actions = sortedCounts(Object.entries(result.actions));
  await options.beforeReports?.(db);
  const random = makeRandom(options.seed, 'reports');
  const { values_count, broken } = await compareMetrics({ site, reader: db, random, start: START, now: clock.now() });
  result.metrics_compared = values_count;
  result.broken.push(...broken);
  result.totals = await readTotals(db, clock.now());
  return result;
}

function sortedCounts(counts: Iterable<readonly [string, number]>): Record<string, number> {
  return Object.fromEntries([...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
