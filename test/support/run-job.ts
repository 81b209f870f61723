import type { Tollgate } from '../../src/app.ts';

/** Runs one occurrence of a job at an instant; by default now, by the site's clock. */
export async function runJob(tollgate: Tollgate, name: string, at?: Date): Promise<void> {
  const job = tollgate.worker.jobs.find((each) => each.name === name);
  if (!job) throw new Error(`there is no job ${name}`);
  await tollgate.worker.run(job, at ?? (await tollgate.makeContext('test')).clock.now());
}
