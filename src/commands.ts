import type { ParseArgsOptionsConfig } from 'node:util';
import { demo } from './commands/demo.ts';
import { jobs } from './commands/jobs.ts';
import { ledger } from './commands/ledger.ts';
import { migrateOnly } from './commands/migrate.ts';
import { payments } from './commands/payments.ts';
import { secret } from './commands/secret.ts';
import { serve } from './commands/serve.ts';
import { simulate } from './commands/simulate.ts';
import { stripeEmulator } from './commands/stripe-emulator.ts';
import { work } from './commands/work.ts';

export type OptionValues = Record<string, string | boolean | (string | boolean)[] | undefined>;

export interface Command {
  options: ParseArgsOptionsConfig;
  /** Returns the exit status. */
  run(values: OptionValues, positionals: string[]): Promise<number>;
}

export const commands: Readonly<Record<string, Command>> = {
  serve,
  work,
  migrate: migrateOnly,
  demo,
  jobs,
  ledger,
  payments,
  secret,
  simulate,
  'stripe-emulator': stripeEmulator,
};

export const usage = `tollgate <command>

  serve [--no-worker]              pages, API, gateway and worker in one process
  work                             the worker alone: events and jobs
  migrate                          migrate the database and stop
  demo [--bare] [--clock ISO] [--processor=stripe]
                                   a site with sample data in memory; with Stripe, cards are charged at an emulator beside it
  jobs run [--at ISO]              run each scheduled job once
  ledger export [--format ledger|hledger|csv]
  secret adopt                     bind the database to the configured SECRET_KEY; removes texts that only the earlier key opens
  ledger verify [--from SEAL]      verify the ledger; exits with 1 on a violation. SEAL: the last seal of an earlier run
  simulate [--seed N] [--subscribers 1000] [--months 24]
                                   run a whole business with faults, in memory or in the empty database of DATABASE_URL, and check
                                   its rules; exits with 1 when one is broken
  stripe-emulator [--port 12111] [--host 127.0.0.1] [--state FILE] [--clock real|ISO] [--webhook URL=SECRET]… [--seed N]
                                   a local stand-in for Stripe: docs/operating/stripe-emulator.md
  payments check                   ask the payment processor for account, permissions and endpoints; exits with 1 when one is missing
  payments endpoints --create      register the endpoints of messages at the payment processor, and print their secrets once
  payments set-key [--other-account]
                                   read a new secret key and publishable key, one a line, from standard input; used without a restart
  payments reconcile [--from DATE] [--to DATE] [--account ID] [--format table|csv|json] [--fix]
                                   compare the books with the payment processor; exits with 1 when something differs
  ledger rebuild-balances          write the balances of the ledger anew from its entries, then verify it

Settings are read from the environment: docs/reference/configuration.md.
`;
