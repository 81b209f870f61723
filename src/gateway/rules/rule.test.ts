import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAllow } from './allow.ts';
import { parseRequestTarget } from './request-target.ts';
import { type AccessRule, compileRules, parseTags, matchRule, splitPattern, findStricterMatches } from './rule.ts';

const isParameter = (segment: string) => /^[:{]/.test(segment);

function rule(rank: number, path: string, allow: string | number = 1): AccessRule {
  const parsed = parseAllow(allow);
  assert.ok(typeof parsed !== 'string');
  return { rank, path, allow: parsed, is_forward: true, engaged: '' };
}

function match(rules: AccessRule[], target: string) {
  const parsed = parseRequestTarget(target);
  return typeof parsed === 'string' ? ('refused' as const) : matchRule(compileRules(rules), parsed.segments);
}

function found(rules: AccessRule[], target: string) {
  const outcome = match(rules, target);
  return typeof outcome === 'string' ? outcome : { path: outcome.rule.path, params: outcome.params };
}

const three = [rule(1, '/app/{profile}/'), rule(2, '/api/app'), rule(3, '/')];

const table = [
  ['/app/xia/', '/app/{profile}/', { profile: 'xia' }],
  ['/app/xia/reports/2024.html', '/app/{profile}/', { profile: 'xia' }],
  ['/app/', '/', {}],
  ['/app', '/', {}],
  ['//app//xia', '/app/{profile}/', { profile: 'xia' }],
  ['/App/xia/', '/', {}],
  ['/api/application', '/', {}],
  ['/api/app?next=/x', '/api/app', {}],
  ['/api/app/more', '/api/app', {}],
  ['/', '/', {}],
  ['/%61pp/x%69a', '/app/{profile}/', { profile: 'xia' }],
  ['/app/a%20b', '/app/{profile}/', { profile: 'a b' }],
] as const;

for (const [target, path, params] of table) {
  test(`${target} matches ${path}`, () => {
    assert.deepEqual(found(three, target), { path, params });
  });
}

test('the first rank decides, not the most specific path', () => {
  const rules = [rule(2, '/app/{profile}/admin'), rule(1, '/app'), rule(3, '/')];
  assert.deepEqual(found(rules, '/app/xia/admin'), { path: '/app', params: {} });
});

test('the lower rank decides between a parameter and a literal', () => {
  assert.deepEqual(found([rule(1, '/{a}/x'), rule(2, '/app')], '/app/x'), { path: '/{a}/x', params: { a: 'app' } });
  assert.deepEqual(found([rule(2, '/{a}/x'), rule(1, '/app')], '/app/x'), { path: '/app', params: {} });
});

test('both spellings of a parameter capture one segment', () => {
  assert.deepEqual(found([rule(1, '/a/:profile/{user}')], '/a/xia/bob/c'), {
    path: '/a/:profile/{user}',
    params: { profile: 'xia', user: 'bob' },
  });
});

test('the path of a rule may contain dots, underscores, tildes and escapes', () => {
  assert.deepEqual(found([rule(1, '/v1.0/a_b/~x/c%20d')], '/v1.0/a_b/~x/c%20d/e'), {
    path: '/v1.0/a_b/~x/c%20d',
    params: {},
  });
});

test('a path is unmatched without a rule for all paths', () => {
  assert.equal(match([rule(1, '/app/')], '/other'), 'unmatched');
});

test('stored parameters override captured ones, except null', () => {
  const fixed = [rule(1, '/app/{profile}/', '4/{"profile": "cowork"}')];
  const open = [rule(1, '/app/{profile}/', '4/{"profile": null, "roledescription": "support"}')];
  assert.deepEqual(found(fixed, '/app/xia/'), { path: '/app/{profile}/', params: { profile: 'cowork' } });
  assert.deepEqual(found(open, '/app/xia/'), {
    path: '/app/{profile}/',
    params: { profile: 'xia', roledescription: 'support' },
  });
});

/** Returns the paths of all rules that must allow the request; the first match is first. */
function deciding(rules: AccessRule[], target: string): string[] {
  const parsed = parseRequestTarget(target);
  if (typeof parsed === 'string') return ['refused'];
  const compiled = compileRules(rules);
  const uncollapsed = parsed.uncollapsed ? [matchRule(compiled, parsed.uncollapsed)] : [];
  const matches = [matchRule(compiled, parsed.segments), ...findStricterMatches(compiled, parsed), ...uncollapsed];
  return matches.map((match) => (match === 'unmatched' ? match : match.rule.path));
}

const guarded = [rule(1, '/admin/', 5), rule(2, '/app/{profile}/'), rule(3, '/pub'), rule(4, '/', 0)];

// oxfmt-ignore
const admin_spellings = [
  '/admin', '/admin/', '/admin/x', '//admin', '/admin//', '/ADMIN', '/Admin/users', '/admin.', '/admin..', '/admin%20', '/admin%20%2e', '/admin+', '/%20admin', '/admin.json',
  '/admin.JSON', '/admin.tar.gz', '/admin.a.b.c.d.e.f.g.h.i', '/admin;x', '/admin;x=1/users', '/ADMIN;x.json', '/admin%3bx', '/admin%3Fx', '/admin%23x', '/admin%2500', '/admin::$DATA', '/%61dmin', '/%2561dmin',
  '/%252561dmin', '/admin%2Fusers', '/admin%5Cusers', '/admin%255cusers', '/%2Fadmin', '/x/%252e%252e/admin', '/pub/..%3b/admin', '/pub/..%253b/admin', '/pub%2f..%3bx%2fadmin', '/pub/%252e%252e%252fadmin',
  '/pub//admin/..%3b/admin', '//pub/admin', '/%EF%BD%81dmin', '/%EF%BC%A1%EF%BC%A4%EF%BC%AD%EF%BC%A9%EF%BC%AE', '/adm%C4%B1n', '/ADM%C4%B0N', '/ad%C2%ADmin', '/adm%E2%80%8Bin', '/admin%E2%80%8B', '/adm%C3%ADn',
  '/pub/%EF%BC%8E%EF%BC%8E/admin', '/pub%EF%BC%8F..%3b%EF%BC%8Fadmin', '/admin%C2%A0', '/./admin', '/pub/../admin', '/pub/..;/admin',
  '/index.php/admin', '/INDEX.PHP/ADMIN/', '/index.php;x/admin', '/pub/app.cgi/admin', '/(S(x1y2))/admin', '/(A(x)S(y))/Admin.aspx', '/index.php%2fadmin', '/a.php/b.php/admin',
];
for (const target of admin_spellings) {
  test(`${target} is refused if /admin is refused`, () => {
    const decide = deciding(guarded, target);
    assert.ok(decide.includes('/admin/') || decide[0] === 'refused', decide.join(' '));
  });
}

for (const target of [
  '/',
  '/administrator',
  '/admins',
  '/pub/admin',
  '/x/admin',
  '/pub/ADMIN.json',
  '/ad-min',
  '/admin-x',
]) {
  test(`${target} is no spelling of /admin`, () => {
    assert.ok(!deciding(guarded, target).includes('/admin/'), target);
  });
}

test('a rule for one file grants it although the rule for the rest refuses', () => {
  const rules = [rule(1, '/robots.txt', 0), rule(2, '/v1.0', 0), rule(3, '/Docs', 0), rule(4, '/', 1)];
  assert.deepEqual(deciding(rules, '/robots.txt'), ['/robots.txt']);
  assert.deepEqual(deciding(rules, '/v1.0/x.json'), ['/v1.0']);
  assert.deepEqual(deciding(rules, '/Docs/a'), ['/Docs']);
  assert.deepEqual(deciding(rules, '/docs'), ['/', '/Docs']);
});

test('capital sharp s is a spelling of ß and ss', () => {
  for (const target of ['/STRA%E1%BA%9EE', '/STRASSE', '/stra%C3%9Fe'])
    assert.ok(deciding([rule(1, '/Straße', 1), rule(2, '/', 0)], target).includes('/Straße'), target);
});

test('an application with a script in its path needs only the rule for its own path', () => {
  assert.deepEqual(deciding([rule(1, '/shop', 0)], '/shop/index.php/cart'), ['/shop']);
});

test('a captured segment has two readings, and both must be granted', () => {
  const parsed = parseRequestTarget('/app/xia%2Facme');
  assert.ok(typeof parsed !== 'string');
  const compiled = compileRules(guarded);
  const first = matchRule(compiled, parsed.segments);
  const profiles = [first, ...findStricterMatches(compiled, parsed)].map((match) =>
    match === 'unmatched' ? match : match.params['profile'],
  );
  assert.ok(profiles.includes('xia') && profiles.includes('xia/acme'));
});

test('no spelling of a path passes if the rule of the path refuses', () => {
  const word = fc.constantFrom('admin', 'Api', 'v1.0', 'a-b', 'users');
  const patterns = fc.uniqueArray(
    fc.array(fc.oneof(word, fc.constantFrom('{x}', ':y')), { maxLength: 3 }).map((parts) => `/${parts.join('/')}`),
    { minLength: 1, maxLength: 8 },
  );
  const vary = fc.constantFrom<(text: string) => string>(
    (text) => text.toUpperCase(),
    (text) => `${text}.json`,
    (text) => `${text}.`,
    (text) => `${text}%20`,
    (text) => `${text};v=1`,
    (text) => text.replace('a', '%61'),
    (text) => text.replace('s', '%2573'),
    (text) => text.replace('a', '%EF%BD%81'),
    (text) => `x/..%3b/${text}`,
    (text) => `/${text}`,
    (text) => `${text}%2500`,
    (text) => text,
  );
  fc.assert(
    fc.property(patterns, fc.array(word, { maxLength: 4 }), fc.infiniteStream(vary), (list, path, variations) => {
      const rules = list.map((each, index) => rule(index + 1, each));
      const compiled = compileRules(rules);
      const match = matchRule(compiled, path);
      if (match === 'unmatched') return;
      const named = splitPattern(match.rule.path).map((segment) => !isParameter(segment));
      const varied = path.map((text, at) => (named[at] === true ? (variations.next().value ?? String)(text) : text));
      const decide = deciding(rules, `/${varied.join('/')}`);
      assert.ok(
        decide.includes(match.rule.path) || decide[0] === 'refused',
        `${varied.join('/')}: ${decide.join(' ')}`,
      );
    }),
    { numRuns: 5000 },
  );
});

test('the tree finds the same rule as a search through the list by rank', () => {
  const segment = fc.constantFrom('a', 'b', 'c', '{x}', ':y');
  const patterns = fc.uniqueArray(
    fc.array(segment, { maxLength: 4 }).map((parts) => `/${parts.join('/')}`),
    { maxLength: 12 },
  );
  const paths = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 5 });
  fc.assert(
    fc.property(patterns, paths, (list, segments) => {
      const rules = list.map((path, index) => rule(index + 1, path));
      const slow = rules.find((candidate) => {
        const pattern = splitPattern(candidate.path);
        return (
          pattern.length <= segments.length && pattern.every((part, at) => isParameter(part) || part === segments[at])
        );
      });
      const outcome = matchRule(compileRules(rules), segments);
      assert.equal(typeof outcome === 'string' ? undefined : outcome.rule.rank, slow?.rank);
    }),
    { numRuns: 2000 },
  );
});

test('the path of a rule is split without regard to slashes at its ends', () => {
  assert.deepEqual(splitPattern('/app/{profile}/'), splitPattern('app/{profile}'));
  assert.deepEqual(splitPattern('/'), splitPattern(''));
  assert.notDeepEqual(splitPattern('/app'), splitPattern('/App'));
});

test('tags are trimmed, without empty and repeated ones', () => {
  assert.deepEqual(parseTags(' app, ,docs,app,'), ['app', 'docs']);
  assert.deepEqual(parseTags(''), []);
});
