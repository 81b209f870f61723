import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkLines, checkWords, citedPaths } from './lines.ts';
import { checkFunctions, firstSqlLine, namedFunctions, parseSource, tableUses } from './syntax.ts';

const rulesOf = (offences: readonly { line: number; rule: string }[]) =>
  offences.map(({ line, rule }) => `${line}: ${rule}`);

function functionsOf(text: string) {
  const functions = namedFunctions(parseSource('x.ts', text), text);
  return rulesOf(checkFunctions('x.ts', text, functions));
}

test('a word that hides the actor is reported in comments, names and messages', () => {
  const text = [
    '// Says to whoever asks.', // quoted input
    'const emitNews = tellCharge;', // quoted input
    "const message = 'nobody manages this site';", // quoted input
    'const history = then(other);',
    "const quoted = 'whoever'; // quoted input",
  ].join('\n');
  assert.deepEqual(rulesOf(checkWords('x.ts', text)), [
    '1: "whoever": name the actor or use the standard term', // quoted input
    '2: "tell": name the actor or use the standard term', // quoted input
    '3: "nobody": name the actor or use the standard term', // quoted input
  ]);
});

test('a comment of more than 120 columns is reported, a line of code is not', () => {
  const long = 'x'.repeat(120);
  assert.deepEqual(rulesOf(checkLines('x.ts', `// ${long}\nconst text = '${long}';`)), [
    '1: comment of more than 120 columns',
  ]);
});

test('a name promises its return type', () => {
  assert.deepEqual(
    functionsOf(
      [
        'function refuseCoupon(coupon: Coupon): CouponRefusal | null { return null; }',
        'async function refuseLate(at: Date): Promise<void> { await check(at); }',
        'function isLocked(ids: string[]): Set<string> { return new Set(ids); }',
        'function isUser(actor: Actor): actor is User { return true; }',
        'const hasRole = (role: Role): boolean => true;',
        'async function listPlans(tx: Tx): Promise<Plan[]> { return []; }',
        'async function listCharges(tx: Tx): Promise<Page<Charge>> { return page; }',
      ].join('\n'),
    ),
    [
      '2: refuseLate: refuse… returns a reason or null, not Promise<void>',
      '3: isLocked: is… returns a boolean, not Set<string>',
      '6: listPlans: list… returns a Page, not Promise<Plan[]>',
    ],
  );
});

test('a function of more than 60 lines needs a reason', () => {
  const body = 'run();\n'.repeat(60);
  assert.deepEqual(functionsOf(`function long() {\n${body}}`), ['1: long: 62 lines, 60 at most without a reason']);
  assert.deepEqual(functionsOf(`// long: one table of cases\nfunction long() {\n${body}}`), []);
});

test('tables are found in Kysely calls and in SQL templates, with their access', () => {
  const text = [
    "tx.selectFrom('plans as p').innerJoin('coupons', 'a', 'b');",
    "tx.updateTable('plans');",
    'sql`select 1 from users u join roles on true`;',
    "other('plans');",
  ].join('\n');
  const parsed = parseSource('x.ts', text);
  const uses = tableUses(parsed, new Set(['plans', 'coupons', 'users', 'roles']));
  assert.deepEqual(uses.map(({ table, line, is_write }) => `${line} ${table} ${is_write ? 'write' : 'read'}`).sort(), [
    '1 coupons read',
    '1 plans read',
    '2 plans write',
    '3 roles read',
    '3 users read',
  ]);
  assert.equal(firstSqlLine(parsed), 3);
});

test('the targets of @see are found with their lines', () => {
  assert.deepEqual(citedPaths('/**\n * @see docs/spec/billing.md 4.5, RFC 9110\n */'), [
    { target: 'docs/spec/billing.md', line: 2 },
  ]);
});

test('a route or a page that opens a transaction is reported, a verb is not', () => {
  const text = 'await inTransaction(ctx.db, work);';
  assert.deepEqual(rulesOf(checkLines('src/billing/cart/routes.ts', text)), [
    '1: a verb opens the transaction, not a route or a page',
  ]);
  assert.deepEqual(checkLines('src/billing/cart/add-to-cart.ts', text), []);
});
