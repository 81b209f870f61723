import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineJob } from '#platform/jobs/jobs';
import type { Context } from '#platform/context';
import { type FaultPlan, makeFaultPlan } from './faults.ts';
import { withJobFaults } from './faulty-jobs.ts';
import { makeRandom } from './random.ts';

const START = new Date('2026-01-01T00:00:00Z');

function planOf(fault: ReturnType<FaultPlan['drawJob']>): FaultPlan {
  return { ...makeFaultPlan(makeRandom(1, 'faults'), START), drawJob: () => fault };
}

test('a job that two nodes run together runs twice at the same time, and once more', async () => {
  let [running, most, runs_count] = [0, 0, 0];
  const job = defineJob({
    name: 'test:together',
    schedule: '0 * * * *',
    catch_up: 'last',
    async run() {
      runs_count += 1;
      running += 1;
      most = Math.max(most, running);
      await Promise.resolve();
      running -= 1;
    },
  });
  const [wrapped] = withJobFaults([job], planOf('together'));
  await wrapped?.run({} as Context, {} as never, START);
  assert.deepEqual({ most, runs_count }, { most: 2, runs_count: 3 });
});

test('a run that fails while another node runs the job is reported', async () => {
  let runs_count = 0;
  const job = defineJob({
    name: 'test:fails',
    schedule: '0 * * * *',
    catch_up: 'last',
    async run() {
      runs_count += 1;
      if (runs_count === 2) throw new Error('lost the race');
    },
  });
  const [wrapped] = withJobFaults([job], planOf('together'));
  await assert.rejects(wrapped?.run({} as Context, {} as never, START) ?? Promise.resolve(), /lost the race/);
});

test('calls draw no faults while two nodes run together, so that the draws do not depend on their order', async () => {
  const [one, other] = [1, 2].map(() => makeFaultPlan(makeRandom(7, 'faults'), START));
  assert.ok(one && other);
  const at = new Date('2026-03-01T00:00:00Z');
  const drawn = await one.runTogether(async () => Array.from({ length: 500 }, () => one.drawCall('charge', at)));
  assert.ok(drawn.every((fault) => fault === null));
  const draws = (plan: FaultPlan) => Array.from({ length: 500 }, () => plan.drawCall('charge', at));
  const after = draws(one);
  assert.ok(after.some((fault) => fault !== null));
  assert.deepEqual(after, draws(other));
});

test('a business with some hundred calls and runs has each kind of fault, under any seed', () => {
  const at = new Date('2026-03-01T00:00:00Z');
  for (let seed = 1; seed <= 20; seed += 1) {
    const plan = makeFaultPlan(makeRandom(seed, 'faults'), START);
    for (let call = 0; call < 100; call += 1) plan.drawCall('refund', at);
    for (let run = 0; run < 420; run += 1) plan.drawJob();
    for (const kind of ['processor down', 'processor slow', 'processor lost', 'processor twice'])
      assert.ok((plan.counts.get(kind) ?? 0) > 0, `seed ${seed}: ${kind}`);
    for (const kind of ['job cut', 'job twice', 'job together'])
      assert.ok((plan.counts.get(kind) ?? 0) > 0, `seed ${seed}: ${kind}`);
  }
});

test('a slow call is carried out after its caller gave up', async () => {
  const plan = makeFaultPlan(makeRandom(1, 'faults'), START);
  const done: string[] = [];
  plan.postpone(async () => done.push('slow'));
  assert.deepEqual(done, []);
  await plan.runTogether(() => plan.runLate());
  assert.deepEqual(done, [], 'not while two nodes run together');
  await plan.runLate();
  await plan.runLate();
  assert.deepEqual(done, ['slow']);
});
