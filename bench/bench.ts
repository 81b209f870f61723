import { type BenchSite, type BenchSiteOptions, startBenchSite } from './bench-site.ts';
import { type Child, type ChildOptions, startChild } from './child.ts';
import type { Seeded } from './seed.ts';

/** What every part of the benchmark receives. */
export interface Bench {
  database_url: string;
  seeded: Seeded;
  /** Checkouts per second, once measured: other parts compare with it. */
  checkouts_per_s: number | null;
}

/** Measures one area and prints its lines. */
export type Part = (bench: Bench) => Promise<void>;

/** Starts the program for a piece of work and stops it: no other process delivers events meanwhile. */
export async function withSite<T>(
  { database_url }: Bench,
  options: BenchSiteOptions,
  work: (site: BenchSite) => Promise<T>,
): Promise<T> {
  const site = await startBenchSite(database_url, options);
  try {
    return await work(site);
  } finally {
    await site.stop();
  }
}

/** Starts a server of baselines.ts for a piece of work and stops it. */
export async function withBaseline<T>(
  kind: 'query' | 'pass-through' | 'upstream' | 'empty',
  options: Omit<ChildOptions, 'probe'>,
  work: (child: Child) => Promise<T>,
): Promise<T> {
  const child = await startChild(['bench/baselines.ts', kind], { ...options, probe: '/' });
  try {
    return await work(child);
  } finally {
    await child.stop();
  }
}
