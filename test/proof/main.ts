import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import { resultText } from '../../src/simulate/result-text.ts';
import { simulate } from '../../src/simulate/simulate.ts';
import { openTestDatabase } from '../support/database.ts';
import { startApp, type TestApp } from '../support/start-app.ts';
import { runCalendar } from './calendar.ts';
import { makeDraws } from './calendar-draws.ts';
import { failed_seeds as failed_calendar_seeds } from './calendar-seeds.ts';
import { checkOutWithFaults } from './checkouts.ts';
import { runConcurrently } from './concurrent.ts';
import { crashAfter, verbs } from './crash.ts';
import { crashAtStripe, stripeVerbs } from './crash-at-stripe.ts';
import { formatReport, listCounts, type Part, runPart } from './report.ts';
import { anyDraw } from './draws.ts';
import { fillBalance, nameOf, type ProcessorName, processors } from './outside.ts';
import { runRace, startNodes } from './race.ts';
import { races } from './races.ts';
import { newTally, runSequence } from './run.ts';
import { failed_seeds as failed_property_seeds } from './property-seeds.ts';
import { killAtPoints, overtakeAtPoints, type RenewalScene, renewalWork, startScene } from './renewals-at-stripe.ts';
import { runProperties } from './run-properties.ts';
import { failed_seeds } from './simulation-seeds.ts';
import { makeSite } from './site.ts';
import { checkOutAtStripe } from './stripe-checkouts.ts';

/**
 * Longer proof than that of `npm test`: `TEST_DATABASE_URL=… npm run proof`. Prints a report in Markdown, and each
 * section to standard error as its part ends; ends with 1 if a rule is broken. Each part ends early when its share of
 * PROOF_MINUTES is over, and the report says so.
 */
const count = (name: string, value: number) => Number(process.env[name] ?? value);
const seed = count('PROOF_SEED', randomInt(2 ** 31));
const SEQUENCES = count('PROOF_SEQUENCES', 30);
const LENGTH = count('PROOF_LENGTH', 60);
const CONCURRENT = count('PROOF_CONCURRENT', 5);
const CHECKOUTS = count('PROOF_CHECKOUTS', 10_000);
const MINUTES = count('PROOF_MINUTES', 9);
/** Time of the simulated businesses, after that of the other parts. The last one is finished. */
const BUSINESS_MINUTES = count('PROOF_BUSINESS_MINUTES', 6);
/** Time of the calendars. The last one is finished. */
const CALENDAR_MINUTES = count('PROOF_CALENDAR_MINUTES', 3);
/** Time of the checkouts at the emulator of Stripe. */
const STRIPE_MINUTES = count('PROOF_STRIPE_MINUTES', 5);
/** Time of the processes that are killed at each await at Stripe. */
const STRIPE_CRASH_MINUTES = count('PROOF_STRIPE_CRASH_MINUTES', 4);
/** Time of the renewals that are killed and overtaken. The pair under way is finished. */
const RENEWAL_MINUTES = count('PROOF_RENEWAL_MINUTES', 3);
/** Time of the properties. The last course is finished. */
const PROPERTY_MINUTES = count('PROOF_PROPERTY_MINUTES', 3);
/** Shares of the time at which parts end. */
const SEQUENCES_END = 0.3;
const RACES_FROM = 0.4;
const RACES_END = 0.5;
/** Share of the time after which no process is killed. */
const CRASHES_END = 0.72;

if (!process.env['TEST_DATABASE_URL']) throw new Error('the proof needs a PostgreSQL: set TEST_DATABASE_URL');

const began = Date.now();
/** Instant at which `share` of the time is over. A part that ends early leaves its time to the next. */
const deadlineOf = (share: number) => began + MINUTES * 60_000 * share;
const isOver = (deadline: number) => Date.now() >= deadline;

/** Does the work on each processor, with an application and a share of the time of its own. */
async function onEach(
  [from, to]: readonly [number, number],
  work: (app: TestApp, deadline: number) => Promise<void>,
): Promise<void> {
  for (const [index, processor] of processors.entries()) {
    const deadline = deadlineOf(from + ((to - from) * (index + 1)) / processors.length);
    await onApp((app) => work(app, deadline), processor);
  }
}

async function proveSequences(app: TestApp, deadline: number, facts: Part['facts']): Promise<void> {
  await fillBalance(app);
  const tally = newTally();
  const courses = fc.sample(fc.array(anyDraw, { minLength: LENGTH, maxLength: LENGTH }), { seed, numRuns: SEQUENCES });
  try {
    for (const draws of courses) {
      if (isOver(deadline)) break;
      await runSequence(await makeSite(app), draws, tally);
    }
  } finally {
    facts.push([`sequences, ${nameOf(app)}`, `${tally.sequences} of ${SEQUENCES}, of ${LENGTH} draws each`]);
    facts.push(['commands compared with the model', tally.commands]);
    facts.push(['refused commands that wrote nothing', tally.refused]);
    facts.push(['draws', listCounts(tally.kinds)]);
  }
}

async function proveConcurrency(app: TestApp, deadline: number, facts: Part['facts']): Promise<void> {
  await fillBalance(app);
  const tally = newTally();
  const course = fc.array(fc.array(anyDraw, { minLength: LENGTH, maxLength: LENGTH }), { minLength: 4, maxLength: 4 });
  try {
    for (const sequences of fc.sample(course, { seed, numRuns: CONCURRENT })) {
      if (isOver(deadline)) break;
      await runConcurrently(await makeSite(app), sequences, tally);
    }
  } finally {
    facts.push([`groups of 4 concurrent sequences, ${nameOf(app)}`, `${tally.sequences / 4} of ${CONCURRENT}`]);
    facts.push(['commands', tally.commands], ['refused', tally.refused]);
  }
}

/** Each race on each processor, in turn until the time is over. The first rounds are finished. */
async function proveRaces(facts: Part['facts']): Promise<void> {
  for (const [index, processor] of processors.entries()) {
    const deadline = deadlineOf(RACES_FROM + ((RACES_END - RACES_FROM) * (index + 1)) / processors.length);
    const close = await startNodes(processor);
    let rounds = 0;
    try {
      while (rounds === 0 || !isOver(deadline)) {
        for (const race of races) await runRace(race, 1);
        rounds += 1;
      }
    } finally {
      facts.push([`${races.length} races, ${processor}`, `${rounds} rounds`]);
      await close();
    }
  }
}

async function proveCheckouts(app: TestApp, facts: Part['facts']): Promise<void> {
  const { checkouts, responses, cuts, charges } = await checkOutWithFaults(app, CHECKOUTS, deadlineOf(1));
  facts.push(['checkouts', `${checkouts} of ${CHECKOUTS}`], ['cuts of all connections', cuts]);
  facts.push(['responses', listCounts(responses)], ['charges, the same at the site and the processor', charges]);
}

async function proveStripe(facts: Part['facts']): Promise<void> {
  const deadline = Date.now() + STRIPE_MINUTES * 60_000;
  const { checkouts, responses, faults, movements, net } = await checkOutAtStripe(CHECKOUTS, deadline);
  facts.push(['checkouts', `${checkouts} of ${CHECKOUTS}`], ['responses', listCounts(responses)]);
  facts.push(['faults of the last calls', listCounts(faults)]);
  facts.push(['movements, the same in the books and at the emulator', `${movements}, together ${net}`]);
}

async function proveCrashes(facts: Part['facts']): Promise<void> {
  const from = (Date.now() - began) / (MINUTES * 60_000);
  for (const [index, verb] of verbs.entries()) {
    const deadline = deadlineOf(from + ((CRASHES_END - from) * (index + 1)) / verbs.length);
    let points = 0;
    let isKilled = true;
    // An application for each verb: every point adds plans, of which a provider may have 500.
    await onApp(async (app) => {
      while (isKilled && !isOver(deadline)) {
        isKilled = await crashAfter(app, verb, points);
        if (isKilled) points += 1;
      }
    });
    facts.push([verb.name, `killed at ${points} points${isKilled ? ', then the time was over' : ', all'}`]);
  }
}

/** All verbs at the same time: each has a site and an emulator of its own. */
async function proveStripeCrashes(facts: Part['facts']): Promise<void> {
  const deadline = Date.now() + STRIPE_CRASH_MINUTES * 60_000;
  const prove = async (verb: (typeof stripeVerbs)[number]) => {
    const { killed, points } = await crashAtStripe(verb, { deadline });
    const end = points.length === 0 ? ', then the time was over' : ', all';
    facts.push([`${verb.name} at Stripe`, `killed at ${killed} points${end}`]);
  };
  const ends = await Promise.allSettled(stripeVerbs.map(prove));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

/** Every point of each work, killed there, and overtaken there by each other work. */
async function proveRenewals(facts: Part['facts']): Promise<void> {
  const deadline = Date.now() + RENEWAL_MINUTES * 60_000;
  const courses = renewalWork.flatMap((work) => [
    { name: `${work.name} killed`, run: (scene: RenewalScene) => killAtPoints(scene, work) },
    ...work.others.map((other) => ({
      name: `${work.name} overtaken by ${other.name}`,
      run: (scene: RenewalScene) => overtakeAtPoints(scene, work, other),
    })),
  ]);
  for (const { name, run } of courses) {
    if (isOver(deadline)) break;
    const scene = await startScene();
    try {
      facts.push([name, `at ${await run(scene)} points, all`]);
    } finally {
      await scene.close();
    }
  }
}

/** Seeds that failed once run on the test processor; of fresh ones every second runs on the emulator of Stripe. */
function onBoth(failed: readonly number[], fresh: readonly number[]) {
  return [
    ...failed.map((each) => ({ seed: each, processor: 'test' as const })),
    ...fresh.map((each, index) => ({
      seed: each,
      processor: index % 2 === 0 ? ('stripe' as const) : ('test' as const),
    })),
  ].filter(({ processor }) => processors.includes(processor));
}

/** Two years of subscriptions for several seeds, compared with their diaries. */
async function proveCalendars(facts: Part['facts']): Promise<void> {
  const deadline = Date.now() + CALENDAR_MINUTES * 60_000;
  const fresh = Array.from({ length: 1000 }, (_, index) => seed + index);
  for (const { seed: each, processor } of onBoth(failed_calendar_seeds, fresh)) {
    if (isOver(deadline)) break;
    const { instants, compared, operations } = await runCalendar(makeDraws(each), { processor });
    facts.push([`calendar of seed ${each}, ${processor}`, `${instants} instants, ${compared} comparisons`]);
    facts.push(['operations', listCounts(operations)]);
  }
}

/** Random changes, pauses, refunds and adjustments, with the properties after each and recounts of every figure. */
async function proveProperties(facts: Part['facts']): Promise<void> {
  const deadline = Date.now() + PROPERTY_MINUTES * 60_000;
  const fresh = Array.from({ length: 1000 }, (_, index) => seed + index);
  for (const { seed: each, processor } of onBoth(failed_property_seeds, fresh)) {
    if (isOver(deadline)) break;
    const { done, refused } = await runProperties(each, LENGTH * 3, processor);
    facts.push([`commands of seed ${each}, ${processor}`, `${listCounts(done)}; ${refused} refused`]);
  }
}

/** Seeds that failed once, then fresh ones, until the time is over. */
async function proveBusinesses(facts: Part['facts']): Promise<void> {
  const deadline = Date.now() + BUSINESS_MINUTES * 60_000;
  const fresh = Array.from({ length: 100 }, (_, index) => ({
    seed: seed + index,
    // Lost responses of the emulator take the waiting time of the package, half a second each.
    ...(index % 2 === 0
      ? { subscribers: 150, months: 12, processor: 'test' as const }
      : { subscribers: 50, months: 6, processor: 'stripe' as const }),
  }));
  const businesses = [
    ...failed_seeds.map((each) => ({ ...each, processor: each.processor ?? ('test' as const) })),
    ...fresh,
  ];
  for (const options of businesses.filter(({ processor }) => processors.includes(processor))) {
    if (isOver(deadline)) break;
    const database = await openTestDatabase();
    try {
      const result = await simulate(database, options);
      const { totals, faults, checks_count, broken } = result;
      const injected = Object.values(faults).reduce((sum, number) => sum + number, 0);
      facts.push([
        `seed ${options.seed}, ${options.subscribers} subscribers, ${options.months} months, ${result.processor}`,
        `${totals.subscriptions} subscriptions, ${totals.charges} charges, ${injected} faults, rules checked ${checks_count} times`,
      ]);
      if (broken.length > 0) throw new Error(resultText(result));
    } finally {
      await database.close();
    }
  }
}

/** Gives a part an application and a database of its own: what a failed part left open disturbs no other. */
async function onApp(work: (app: TestApp) => Promise<void>, processor: ProcessorName = 'test'): Promise<void> {
  const app = await startApp({ processor });
  try {
    await work(app);
  } finally {
    await app.close();
  }
}

const parts = [
  await runPart('Random sequences against the model', (facts) =>
    onEach([0, SEQUENCES_END], (app, deadline) => proveSequences(app, deadline, facts)),
  ),
  await runPart('Concurrent sequences', (facts) =>
    onEach([SEQUENCES_END, RACES_FROM], (app, deadline) => proveConcurrency(app, deadline, facts)),
  ),
  await runPart('Races for contended resources', proveRaces),
  await runPart('Killed processes', proveCrashes),
  await runPart('Checkouts with declines, timeouts and cut connections', (facts) =>
    onApp((app) => proveCheckouts(app, facts)),
  ),
  await runPart('Checkouts at Stripe with faults, and the reconciliation', proveStripe),
  await runPart('Processes killed at an await at Stripe', proveStripeCrashes),
  await runPart('Renewals killed and overtaken at Stripe', proveRenewals),
  await runPart('Calendars', proveCalendars),
  await runPart('Properties of changes', proveProperties),
  await runPart('Simulated businesses', proveBusinesses),
];
await onApp(async ({ db }) => void process.stdout.write(await formatReport(db, seed, parts)));
process.exitCode = parts.some(({ failure }) => failure !== null) ? 1 : 0;
