import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { lockFolder } from './db-folder-lock.ts';
import { openDatabase } from './db.ts';

test('what was written to a folder is there when it is opened again, and one process has it at a time', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'tollgate-'));
  const folder = join(parent, 'database');
  const first = await openDatabase({ folder });
  await first.executeSql('create table kept (n integer); insert into kept values (7)');
  await assert.rejects(openDatabase({ folder }), /in use by process [0-9]+/);
  await first.close();

  const second = await openDatabase({ folder });
  assert.deepEqual((await second.executeSql('select n from kept')).rows, [{ n: 7 }]);
  await second.close();
  await rm(parent, { recursive: true });
});

test('a folder left by a process that was killed is taken over', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'tollgate-'));
  const folder = join(parent, 'database');
  const { pid } = spawnSync(process.execPath, ['--version']);
  await writeFile(`${folder}.lock`, String(pid));
  await (
    await lockFolder(folder)
  )();
  // In a container the killed process may have had our number.
  await writeFile(`${folder}.lock`, String(process.pid));
  const unlock = await lockFolder(folder);
  await assert.rejects(lockFolder(`${folder}/`), /in use/);
  await unlock();
  await rm(parent, { recursive: true });
});
