import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('compare-contract.ts', import.meta.url));

async function compare(report: unknown, list: string): Promise<{ status: number; said: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'tollgate-contract-'));
  try {
    const files = [join(folder, 'report.json'), join(folder, 'list.txt')] as const;
    await writeFile(files[0], JSON.stringify(report));
    await writeFile(files[1], list);
    return await new Promise((resolve) => {
      execFile(process.execPath, [program, ...files], (error, stdout, stderr) =>
        resolve({ status: error === null ? 0 : 1, said: stdout + stderr }),
      );
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const passes = { name: 'GET /a', fail: [] };
const fails = { name: 'GET /b', fail: ['status 404'] };

test('a listed failure is accepted', async () => {
  assert.deepEqual((await compare([passes, fails], '# later\nGET /b\n')).status, 0);
});

test('an unlisted failure, a listed operation that passes and an unknown operation exit with 1', async () => {
  assert.match((await compare([passes, fails], '')).said, /GET \/b: status 404/);
  const shrinks = await compare([passes, fails], 'GET /a\nGET /b\n');
  assert.deepEqual([shrinks.status, /GET \/a: passes now, remove it/.test(shrinks.said)], [1, true]);
  assert.equal((await compare([passes], 'GET /c\n')).status, 1);
});

test('a file that is not a report is an error', async () => {
  assert.equal((await compare({ passed: 159 }, '')).status, 1);
});
