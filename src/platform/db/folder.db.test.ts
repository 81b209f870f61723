import assert from 'node:assert/strict';
import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { lockFolder } from './folder-lock.ts';
import { openDatabase } from './database.ts';
import { fileURLToPath } from 'node:url';

const child = fileURLToPath(new URL('../../../test/support/folder-lock-child.ts', import.meta.url));

test('a folder keeps its data, and one process at a time can open it', async () => {
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

test('a process can open the folder of a killed process', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'tollgate-'));
  const folder = join(parent, 'database');
  const { pid } = spawnSync(process.execPath, ['--version']);
  await writeFile(`${folder}.lock`, String(pid));
  await (
    await lockFolder(folder)
  )();
  // In a container the killed process may have had this process id.
  await writeFile(`${folder}.lock`, String(process.pid));
  const unlock = await lockFolder(folder);
  await symlink(folder, join(parent, 'link'));
  await assert.rejects(lockFolder(`${folder}/`), /in use by process [0-9]+/);
  await assert.rejects(lockFolder(join(parent, 'link')), /in use/, 'one lock for every path to the folder');
  await unlock();
  // The note of an earlier version with a running process.
  await writeFile(`${folder}.lock`, String(process.ppid));
  await assert.rejects(lockFolder(folder), new RegExp(`in use by process ${process.ppid};`));
  await rm(parent, { recursive: true });
});

test('of four processes that find a lock of a killed process exactly one gets the folder, in each of 20 rounds', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'tollgate-'));
  const folder = join(parent, 'database');
  const children = Array.from({ length: 4 }, () => fork(child));
  try {
    for (let round = 1; round <= 20; round += 1) {
      const results = await Promise.all(
        children.map(async (each) => {
          const reported = once(each, 'message');
          each.send(folder);
          const [result] = await reported;
          return String(result);
        }),
      );
      const holders = children.filter((_each, i) => results[i] === 'locked');
      assert.equal(holders.length, 1, `round ${round}: ${results.join('; ')}`);
      for (const result of results.filter((each) => each !== 'locked')) assert.match(result, /in use/);
      // The first process leaves its lock file, as after a crash.
      const [holder] = holders;
      assert.ok(holder);
      const gone = once(holder, 'exit');
      holder.kill('SIGKILL');
      await gone;
      children[children.indexOf(holder)] = fork(child);
    }
  } finally {
    for (const each of children) each.kill('SIGKILL');
    await rm(parent, { recursive: true });
  }
});
