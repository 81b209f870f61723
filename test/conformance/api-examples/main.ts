import { writeFile } from 'node:fs/promises';
import { recordExamples } from './record-examples.ts';
import { scenario } from './scenario.ts';

/**
 * Writes src/platform/http/reference/api-examples.json: `npm run gen:examples`, after the schema of an operation
 * changed.
 */
const { examples, failures } = await recordExamples(scenario);
if (failures.length > 0) {
  process.stderr.write(`${failures.join('\n')}\n`);
  process.exitCode = 1;
} else {
  await writeFile('src/platform/http/reference/api-examples.json', `${JSON.stringify(examples, null, 1)}\n`);
}
