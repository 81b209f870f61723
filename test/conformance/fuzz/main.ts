import { parseArgs } from 'node:util';
import { runFuzz } from './run-fuzz.ts';

/** Runs the fuzzer by hand: `node test/conformance/fuzz/main.ts --requests 100000 --seed 7`. */
const { values } = parseArgs({ options: { requests: { type: 'string' }, seed: { type: 'string' } } });
const report = await runFuzz({ requests_count: Number(values.requests ?? 2000), seed: Number(values.seed ?? 1) });
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
process.exitCode = report.faults.length === 0 ? 0 : 1;
