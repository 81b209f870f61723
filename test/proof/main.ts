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
import { formatReport, listCounts, type Part, runPart } from './report.ts';
import { anyDraw } from './draws.ts';
import { newTally, runSequence } from './run.ts';
import { failed_seeds as failed_property_seeds } from './property-seeds.ts';
import { runProperties } from './run-properties.ts';
import { failed_seeds } from './simulation-seeds.ts';
import { makeSite } from './site.ts';

/**
 * Longer proof than that of `npm test`: `TEST_DATABASE_URL=… npm run proof`. Prints a report in Markdown; ends with 1
 * if a rule is broken. Each part ends early when its share of PROOF_MINUTES is over, and the report says so.
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
/** Time of the properties. The last course is finished. */
const PROPERTY_MINUTES = count('PROOF_PROPERTY_MINUTES', 3);
/** Share of the time after which no process is killed. */
const CRASHES_END = 0.72;

if (!process.env['TEST_DATABASE_URL']) throw new Error('the proof needs a PostgreSQL: set TEST_DATABASE_URL');

const began = Date.now();
/** Instant at which `share` of the time is over. A part that ends early leaves its time to the next. */
const deadlineOf = (share: number) => began + MINUTES * 60_000 * share;
const isOver = (deadline: number) => Date.now() >= deadline;

async function proveSequences(app: TestApp, facts: Part['facts']): Promise<void> {
  const deadline = deadlineOf(0.3);
  const tally = newTally();
  const courses = fc.sample(fc.array(anyDraw, { minLength: LENGTH, maxLength: LENGTH }), { seed, numRuns: SEQUENCES });
  try {
    for (const draws of courses) {
      if (isOver(deadline)) break;
      await runSequence(await makeSite(app), draws, tally);
    }
  } finally {
    facts.push(['sequences', `${tally.sequences} of ${SEQUENCES}, of ${LENGTH} draws each`]);
    facts.push(['commands compared with the model', tally.commands]);
    facts.push(['refused commands that wrote nothing', tally.refused]);
    facts.push(['draws', listCounts(tally.kinds)]);
  }
}

async function proveConcurrency(app: TestApp, facts: Part['facts']): Promise<void> {
  const deadline = deadlineOf(0.4);
  const tally = newTally();
  const course = fc.array(fc.array(anyDraw, { minLength: LENGTH, maxLength: LENGTH }), { minLength: 4, maxLength: 4 });
  try {
    for (const sequences of fc.sample(course, { seed, numRuns: CONCURRENT })) {
      if (isOver(deadline)) break;
      await runConcurrently(await makeSite(app), sequences, tally);
    }
  } finally {
    facts.push(['groups of 4 concurrent sequences', `${tally.sequences / 4} of ${CONCURRENT}`]);
    facts.push(['commands', tally.commands], ['refused', tally.refused]);
  }
}

async function proveCheckouts(app: TestApp, facts: Part['facts']): Promise<void> {
  const { checkouts, responses, cuts, charges } = await checkOutWithFaults(app, CHECKOUTS, deadlineOf(1));
  facts.push(['checkouts', `${checkouts} of ${CHECKOUTS}`], ['cuts of all connections', cuts]);
  facts.push(['responses', listCounts(responses)], ['charges, the same at the site and the processor', charges]);
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

/** Two years of subscriptions for several seeds, compared with their diaries. */
async function proveCalendars(facts: Part['facts']): Promise<void> {
  const deadline = Date.now() + CALENDAR_MINUTES * 60_000;
  const fresh = Array.from({ length: 1000 }, (_, index) => seed + index);
  for (const each of [...failed_calendar_seeds, ...fresh]) {
    if (isOver(deadline)) break;
    const { instants, compared, operations } = await runCalendar(makeDraws(each));
    facts.push([`calendar of seed ${each}`, `${instants} instants, ${compared} comparisons`]);
    facts.push(['operations', listCounts(operations)]);
  }
}

/** Random changes, pauses, refunds and adjustments, with the properties after each and recounts of every figure. */
async function proveProperties(facts: Part['facts']): Promise<void> {
  const deadline = Date.now() + PROPERTY_MINUTES * 60_000;
  const fresh = Array.from({ length: 1000 }, (_, index) => seed + index);
  for (const each of [...failed_property_seeds, ...fresh]) {
    if (isOver(deadline)) break;
    const { done, refused } = await runProperties(each, LENGTH * 3);
    facts.push([`commands of seed ${each}`, `${listCounts(done)}; ${refused} refused`]);
  }
}

/** Seeds that failed once, then fresh ones, until the time is over. */
async function proveBusinesses(facts: Part['facts']): Promise<void> {
  const deadline = Date.now() + BUSINESS_MINUTES * 60_000;
  const fresh = Array.from({ length: 100 }, (_, index) => ({ seed: seed + index, subscribers: 150, months: 12 }));
  for (const options of [...failed_seeds, ...fresh]) {
    if (isOver(deadline)) break;
    const database = await openTestDatabase();
    try {
      const result = await simulate(database, options);
      const { totals, faults, checks_count, broken } = result;
      const injected = Object.values(faults).reduce((sum, number) => sum + number, 0);
      facts.push([
        `seed ${options.seed}, ${options.subscribers} subscribers, ${options.months} months`,
        `${totals.subscriptions} subscriptions, ${totals.charges} charges, ${injected} faults, rules checked ${checks_count} times`,
      ]);
      if (broken.length > 0) throw new Error(resultText(result));
    } finally {
      await database.close();
    }
  }
}

/** Gives a part an application and a database of its own: what a failed part left open disturbs no other. */
async function onApp(work: (app: TestApp) => Promise<void>): Promise<void> {
  const app = await startApp();
  try {
    await work(app);
  } finally {
    await app.close();
  }
}

const parts = [
  await runPart('Random sequences against the model', (facts) => onApp((app) => proveSequences(app, facts))),
  await runPart('Concurrent sequences', (facts) => onApp((app) => proveConcurrency(app, facts))),
  await runPart('Killed processes', proveCrashes),
  await runPart('Checkouts with declines, timeouts and cut connections', (facts) =>
    onApp((app) => proveCheckouts(app, facts)),
  ),
  await runPart('Calendars', proveCalendars),
  await runPart('Properties of changes', proveProperties),
  await runPart('Simulated businesses', proveBusinesses),
];
await onApp(async ({ db }) => void process.stdout.write(await formatReport(db, seed, parts)));
process.exitCode = parts.some(({ failure }) => failure !== null) ? 1 : 0;
