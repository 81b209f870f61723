import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('run-tests.ts', import.meta.url));
let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tollgate-run-'));
});
after(() => rm(folder, { recursive: true }));

interface Run {
  status: number;
  lines: string[];
  errors: string;
}

/** Writes these files into one folder, runs them, and returns the lines of the report and the exit status. */
async function runFiles(files: Record<string, string>, given: Record<string, string> = {}): Promise<Run> {
  const room = await mkdtemp(join(folder, 'room-'));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(room, name)), { recursive: true });
    await writeFile(join(room, name), `import { after, before, test } from 'node:test';\n${text}`);
  }
  return new Promise((resolve) => {
    const {
      NODE_TEST_CONTEXT: _context,
      TEST_DATABASE_URL: _url,
      TEST_SERVER_FOLLOWS: _follows,
      ...inherited
    } = process.env;
    const env = { ...inherited, ...given };
    execFile(process.execPath, [program, '**/*.test.{mjs,ts}'], { cwd: room, env }, (error, stdout, errors) =>
      resolve({
        errors,
        status: error === null ? 0 : Number(error.code),
        lines: stdout.split('\n').map((line) => line.replace(/ \([0-9.]+ms\)$/, '')),
      }),
    );
  });
}

test('files that import one module run in one process, and each test stays in the suite of its file', async () => {
  const text = (name: string) =>
    `import './shared.mjs'; before(() => console.log('open ${name}')); after(() => console.log('close ${name}'));
     test('first of ${name}', () => {}); test('second of ${name}', () => {});`;
  const { status, lines } = await runFiles({
    'shared.mjs': 'await new Promise((resolve) => setTimeout(resolve, 50)); console.log("loaded");',
    'a.test.mjs': text('a'),
    'b.test.mjs': text('b'),
  });
  assert.equal(status, 0);
  const output = lines.filter((line) => /^(loaded|open|close)/.test(line));
  assert.deepEqual(output, ['loaded', 'open a', 'close a', 'open b', 'close b']);
  const report = lines.filter((line) => /^ *[▶✔]/.test(line));
  assert.deepEqual(
    report,
    ['a', 'b'].flatMap((name) => [
      `▶ ${name}.test.mjs`,
      `  ✔ first of ${name}`,
      `  ✔ second of ${name}`,
      `✔ ${name}.test.mjs`,
    ]),
  );
});

test('the run fails when a test fails or a file cannot be loaded, and the other files are run', async () => {
  const good = `test('good', () => {});`;
  for (const bad of [`test('bad', () => { throw new Error('no'); });`, `import './missing.mjs';`]) {
    const { status, lines } = await runFiles({ 'a.test.mjs': bad, 'b.test.mjs': good });
    assert.equal(status, 1, lines.join('\n'));
    assert.ok(lines.includes('  ✔ good'), lines.join('\n'));
  }
});

test('the run fails when a file ends the process, also with the status of a success', async () => {
  const { status, errors } = await runFiles({
    'a.test.mjs': 'process.exit(0);',
    'b.test.mjs': `test('good', () => {});`,
  });
  assert.equal(status, 1);
  assert.match(errors, /not run to its end.*: a\.test\.mjs\n.*: b\.test\.mjs/);
});

test('with a server, the files that open no database are left out, and the run says how many', async () => {
  const files = Object.fromEntries(
    ['src/a.test.ts', 'src/b.test.ts', 'src/c.db.test.ts', 'test/d.test.ts'].map((name) => [
      name,
      `test('case of ${name}', () => {});`,
    ]),
  );
  const cases = ({ lines }: Run) => lines.flatMap((line) => /✔ case of (.*)$/.exec(line)?.[1] ?? []).toSorted();
  const server = await runFiles(files, { TEST_DATABASE_URL: 'postgres://127.0.0.1:9/none' });
  assert.equal(server.status, 0);
  assert.deepEqual(cases(server), ['src/c.db.test.ts', 'test/d.test.ts']);
  assert.ok(server.lines.includes('left out: 2 files, because they open no database'));
  assert.deepEqual(cases(await runFiles(files)), Object.keys(files));
});
