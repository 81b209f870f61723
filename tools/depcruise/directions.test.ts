import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

/** Plants rooms with faults and reads what dependency-cruiser finds under the rules of this repository. */
const root = fileURLToPath(new URL('../..', import.meta.url));
const door = "export { value } from './noun.ts';\nexport type { Noun } from './noun.ts';\n";
const noun = 'export const value = 1;\nexport interface Noun {\n  id: number;\n}\n';

const sound: Record<string, string> = {
  'src/kernel/money.ts': noun,
  'src/platform/db/database.ts': "import { value } from '#kernel/money';\nexport const db = value;\n",
  'src/billing/checkout/check-out.ts':
    "import { value } from '#catalog';\nimport { db } from '#platform/db/database';\nexport const checkOut = value + db;\n",
  'src/ledger/entry.ts':
    "import type { Kind } from './event.ts';\nexport const entry = 1;\nexport type Entry = Kind;\n",
  'src/ledger/event.ts': "import { entry } from './entry.ts';\nexport type Kind = typeof entry;\n",
  'src/notifications/listen.ts': "import type { Noun } from '#billing';\nexport type Received = Noun;\n",
  'src/hotel/problems.ts': noun,
  'src/hotel/rooms.ts': "import { value } from './kitchen/index.ts';\nexport const meal = value;\n",
  'src/hotel/kitchen/noun.ts':
    "import { value as id } from '../problems.ts';\nexport const value = id;\nexport type Noun = number;\n",
  'src/hotel/kitchen/index.ts': door,
  'src/hotel/bar/noun.ts':
    "import { value as meal } from '../kitchen/index.ts';\nexport const value = meal;\nexport type Noun = number;\n",
  'src/hotel/bar/index.ts': door,
  'test/support/database.ts': noun,
  'test/support/start.ts': "import { value } from './database.ts';\nexport const app = value;\n",
  'src/hotel/menu.db.test.ts': "import { app } from '../../test/support/start.ts';\nexport const x = app;\n",
  'src/hotel/bar/noun.test.ts': "import { value } from '../kitchen/noun.ts';\nexport const x = value;\n",
};
for (const room of ['accounts', 'profiles', 'catalog', 'ledger', 'payments', 'billing', 'notifications']) {
  sound[`src/${room}/noun.ts`] = noun;
  sound[`src/${room}/index.ts`] = door;
}

/** The rooms of this repository and one that has sub-rooms. */
const declared = "{ rooms: { ...rooms, hotel: [] }, subrooms: { hotel: { kitchen: [], bar: ['kitchen'] } } }";

// A cycle is reported once, for the file that comes first by name.
const faults: Record<string, { text: string; rule: string }> = {
  'src/billing/around.ts': {
    text: "import { value } from '../catalog/noun.ts';\nexport const x = value;\n",
    rule: 'doors-only',
  },
  'src/payments/deep.ts': {
    text: "import { value } from '#ledger/noun';\nexport const x = value;\n",
    rule: 'resolvable',
  },
  'src/payments/own.ts': { text: "import { value } from './index.ts';\nexport const x = value;\n", rule: 'own-door' },
  'src/catalog/up.ts': {
    text: "import { value } from '#billing';\nexport const x = value;\n",
    rule: 'direction:catalog',
  },
  'src/catalog/type.ts': {
    text: "import type { Noun } from '#billing';\nexport type X = Noun;\n",
    rule: 'direction:catalog',
  },
  'src/catalog/inline.ts': {
    text: ['export type X = import', "('#billing').Noun;\n"].join(''),
    rule: 'direction:catalog',
  },
  'src/notifications/call.ts': {
    text: "import { value } from '#catalog';\nexport const x = value;\n",
    rule: 'direction:notifications',
  },
  'src/platform/up.ts': {
    text: "import { value } from '#accounts';\nexport const x = value;\n",
    rule: 'direction:platform',
  },
  'src/kernel/up.ts': {
    text: "import { db } from '#platform/db/database';\nexport const x = db;\n",
    rule: 'direction:kernel',
  },
  'src/payments/ring.ts': {
    text: "import { back } from './back.ts';\nexport const ring = () => back;\n",
    rule: '',
  },
  'src/payments/back.ts': {
    text: "import { ring } from './ring.ts';\nexport const back = () => ring;\n",
    rule: 'no-cycles',
  },
  'src/hotel/bar/around.ts': {
    text: "import { value } from '../kitchen/noun.ts';\nexport const x = value;\n",
    rule: 'direction:hotel/bar',
  },
  'src/hotel/kitchen/up.ts': {
    text: "import { value } from '../bar/index.ts';\nexport const x = value;\n",
    rule: 'direction:hotel/kitchen',
  },
  'src/hotel/reception.ts': {
    text: "import { value } from './bar/noun.ts';\nexport const x = value;\n",
    rule: 'subroom-doors-only',
  },
  'src/hotel/kitchen/own.ts': {
    text: "import { value } from './index.ts';\nexport const x = value;\n",
    rule: 'own-subroom-door',
  },
  'src/hotel/menu.test.ts': {
    text: "import { app } from '../../test/support/start.ts';\nexport const x = app;\n",
    rule: 'pure-tests',
  },
  'src/payments/dev.ts': { text: "import fc from 'fast-check';\nexport const x = fc;\n", rule: 'product-only' },
};

async function violations(files: Record<string, string>): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'tollgate-directions-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    for (const path of ['package.json', '.dependency-cruiser.cjs', 'tools/depcruise']) {
      await cp(join(root, path), join(folder, path), { recursive: true });
    }
    await writeFile(
      join(folder, 'tools/rooms.cjs'),
      `const { rooms } = require(${JSON.stringify(join(root, 'tools/rooms.cjs'))});\nmodule.exports = ${declared};\n`,
    );
    const cruise = 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs';
    const args = ['--import', './tools/depcruise/register.mjs', cruise, 'src', '--config', '.dependency-cruiser.cjs'];
    const report = await new Promise<string>((resolve) => {
      execFile(process.execPath, [...args, '--output-type', 'json'], { cwd: folder }, (_error, stdout) =>
        resolve(stdout),
      );
    });
    const { summary } = JSON.parse(report) as { summary: { violations: { rule: { name: string }; from: string }[] } };
    return summary.violations.map(({ rule, from }) => `${rule.name} ${from}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test('rooms and sub-rooms that import doors in the declared directions pass', async () => {
  assert.deepEqual(await violations(sound), []);
});

test('an import around a door, against a direction or in a cycle is reported', async () => {
  const planted = Object.fromEntries(Object.entries(faults).map(([path, { text }]) => [path, text]));
  const found = await violations({ ...sound, ...planted });
  for (const [path, { rule }] of Object.entries(faults)) {
    if (rule !== '')
      assert.ok(found.includes(`${rule} ${path}`), `${path} was not found by ${rule}: ${found.join(', ')}`);
  }
});
