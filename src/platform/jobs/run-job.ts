import type { Context } from '../context.ts';
import type { AnyJob } from './jobs.ts';

/** Runs a job; a run that takes longer than `limit_ms` fails. */
export async function runJob(
  ctx: Context,
  job: AnyJob,
  { payload, at, limit_ms }: { payload: object; at: Date; limit_ms: number },
): Promise<void> {
  const started_ms = performance.now();
  try {
    // `enqueue` typed the payload by the definition of the job.
    await withinTime(job.run(ctx, payload as never, at), limit_ms);
  } catch (error) {
    ctx.log.error({ err: error, job: job.name }, 'job failed');
    throw error;
  }
  ctx.log.debug({ job: job.name, took_ms: Math.round(performance.now() - started_ms) }, 'job done');
}

/** Rejects when the work takes longer; the work itself continues, so a job must be harmless when it runs twice. */
async function withinTime(work: Promise<void>, limit_ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`the job took more than ${limit_ms / 1000} s`)), limit_ms);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
