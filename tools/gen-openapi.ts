import { writeFile } from 'node:fs/promises';
import { pino } from 'pino';
import { buildTollgate } from '../src/app.ts';
import { readConfig } from '../src/config.ts';
import { movableClock } from '../src/platform/clock.ts';
import { openDatabase } from '../src/platform/db/database.ts';

/**
 * Writes docs/reference/openapi.json: the response of a running site to GET /api/openapi.json, without the development
 * routes.
 */
const database = await openDatabase({ memory: true });
const tollgate = await buildTollgate({
  config: readConfig({}),
  secret: 'no request is signed with this key ...',
  database,
  clock: movableClock(new Date(0)),
  movable: null,
  log: pino({ level: 'silent' }),
});
await tollgate.http.ready();
await writeFile('docs/reference/openapi.json', `${JSON.stringify(tollgate.http.swagger(), null, 1)}\n`);
await tollgate.close();
await database.close();
