import type { ParseArgsOptionsConfig } from 'node:util';
import { demo } from './commands/demo.ts';
import { jobs } from './commands/jobs.ts';
import { ledger } from './commands/ledger.ts';
import { migrateOnly } from './commands/migrate.ts';
import { secret } from './commands/secret.ts';
import { serve } from './commands/serve.ts';
import { work } from './commands/work.ts';

export type OptionValues = Record<string, string | boolean | (string | boolean)[] | undefined>;

export interface Command {
  options: ParseArgsOptionsConfig;
  /** Answers the exit status. */
  run(values: OptionValues, positionals: string[]): Promise<number>;
}

export const commands: Readonly<Record<string, Command>> = {
  serve,
  work,
  migrate: migrateOnly,
  demo,
  jobs,
  ledger,
  secret,
};

export const usage = `tollgate <command>

  serve [--no-worker]              pages, API, gateway and worker in one process
  work                             the worker alone: events and jobs
  migrate                          bring the database up to date and stop
  demo [--bare] [--clock ISO]      everything in memory, with sample data, to look around
  jobs run [--at ISO]              run once every job that has a schedule
  ledger export [--format ledger|hledger|csv]
  secret adopt                     make the configured SECRET_KEY the one of the database; removes what only the earlier opens
  ledger verify                    check the books; fails when they do not add up

Settings are read from the environment: docs/reference/configuration.md.
`;
