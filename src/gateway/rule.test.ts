import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAllow } from './allow.ts';
import { parseRequestTarget } from './request-target.ts';
import {
  type AccessRule,
  compileRules,
  engagedTags,
  matchRule,
  parameterName,
  patternSegments,
  samePattern,
} from './rule.ts';

function rule(rank: number, path: string, allow: string | number = 1): AccessRule {
  const parsed = parseAllow(allow);
  assert.ok(typeof parsed !== 'string');
  return { rank, path, allow: parsed, is_forward: true, engaged: '' };
}

function match(rules: AccessRule[], target: string) {
  const parsed = parseRequestTarget(target);
  return parsed === null ? ('refused' as const) : matchRule(compileRules(rules), parsed);
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
  test(`${target} falls under ${path}`, () => {
    assert.deepEqual(found(three, target), { path, params });
  });
}

test('the first rank decides, not the most specific path', () => {
  const rules = [rule(2, '/app/{profile}/admin'), rule(1, '/app'), rule(3, '/')];
  assert.deepEqual(found(rules, '/app/xia/admin'), { path: '/app', params: {} });
});

test('a parameter of a lower rank wins over a literal of a higher one, and the reverse', () => {
  assert.deepEqual(found([rule(1, '/{a}/x'), rule(2, '/app')], '/app/x'), { path: '/{a}/x', params: { a: 'app' } });
  assert.deepEqual(found([rule(2, '/{a}/x'), rule(1, '/app')], '/app/x'), { path: '/app', params: {} });
});

test('both spellings of a parameter capture one segment', () => {
  assert.deepEqual(found([rule(1, '/a/:profile/{user}')], '/a/xia/bob/c'), {
    path: '/a/:profile/{user}',
    params: { profile: 'xia', user: 'bob' },
  });
});

test('dots, underscores, tildes and escapes may stand in a rule', () => {
  assert.deepEqual(found([rule(1, '/v1.0/a_b/~x/c%20d')], '/v1.0/a_b/~x/c%20d/e'), {
    path: '/v1.0/a_b/~x/c%20d',
    params: {},
  });
});

test('nothing applies once the last rule for everything is gone', () => {
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

test('a path that two servers read as different rules is refused, else forwarded', () => {
  const rules = [rule(1, '/admin/', 5), rule(2, '/app/{profile}/'), rule(3, '/', 0)];
  assert.equal(found(rules, '/admin%2Fusers'), 'ambiguous');
  assert.equal(found(rules, '/admin%5Cusers'), 'ambiguous');
  assert.equal(found(rules, '/admin;x=1/users'), 'ambiguous');
  assert.equal(found(rules, '/app/xia%2Fx'), 'ambiguous');
  assert.equal(found(rules, '/app/xia;v=2/'), 'ambiguous');
  assert.equal(found(rules, '/app/../admin'), 'refused');
  assert.deepEqual(found(rules, '/app/xia/files/a%2Fb;v=1'), { path: '/app/{profile}/', params: { profile: 'xia' } });
});

test('the tree finds what a walk through the list by rank finds', () => {
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
        const pattern = patternSegments(candidate.path);
        return (
          pattern.length <= segments.length &&
          pattern.every((part, at) => parameterName(part) !== null || part === segments[at])
        );
      });
      const outcome = matchRule(compileRules(rules), { segments, segments_loose: segments });
      assert.equal(typeof outcome === 'string' ? undefined : outcome.rule.rank, slow?.rank);
    }),
    { numRuns: 2000 },
  );
});

test('rule paths are compared without their slashes', () => {
  assert.ok(samePattern('/app/', 'app'));
  assert.ok(samePattern('', '/'));
  assert.ok(!samePattern('/app', '/App'));
});

test('tags are trimmed, blanks and repetitions dropped', () => {
  assert.deepEqual(engagedTags(' app, ,docs,app,'), ['app', 'docs']);
  assert.deepEqual(engagedTags(''), []);
});
