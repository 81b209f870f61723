#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { ConfigError } from './config.ts';
import { commands, usage } from './commands.ts';

/** Runs one command of the program; `serve` if none is given. */
async function main(): Promise<number> {
  const [name = 'serve', ...rest] = process.argv.slice(2);
  if (name === 'help' || name === '--help' || name === '-h') {
    process.stdout.write(usage);
    return 0;
  }
  const command = commands[name];
  if (!command) {
    process.stderr.write(`There is no command "${name}".\n\n${usage}`);
    return 2;
  }
  const { values, positionals } = parseArgs({
    args: rest,
    options: command.options,
    allowPositionals: true,
    strict: true,
  });
  return command.run(values, positionals);
}

process.exitCode = await main().catch((error: unknown) => {
  const isUsage = error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  if (error instanceof ConfigError || isUsage)
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  else process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return isUsage ? 2 : 1;
});
