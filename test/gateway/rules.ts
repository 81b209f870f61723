import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, rules } from './site.ts';

test('a moved rule shifts the ranks between both places', async () => {
  await rules(['/A', '/B', '/C', '/D'].map((path) => ({ path, allow: 0 })));
  const move = async (updates: unknown) => {
    const { status, json, text } = await call('/api/proxy/rules', {
      as: 'donny',
      method: 'PATCH',
      body: updates as object,
    });
    assert.equal(status, 200, text);
    return (json().results as { rank: number; path: string }[])
      .map(({ rank, path }) => `${rank}:${path.slice(1)}`)
      .join(' ');
  };
  assert.equal(await move({ updates: [{ oldpos: 3, newpos: 1 }] }), '1:C 2:A 3:B 4:D');
  assert.equal(await move([{ oldpos: 1, newpos: 4 }]), '1:A 2:B 3:D 4:C');
  assert.equal(await move({ updates: [{ oldpos: 9, newpos: 1 }] }), '1:A 2:B 3:D 4:C');
  const put = await call('/api/proxy/rules/C', { as: 'donny', method: 'PUT', body: { rank: 2, allow: 1 } });
  assert.deepEqual(put.json(), { rank: 2, path: '/C', allow: '1', is_forward: true, engaged: '' });
  assert.equal(await move([]), '1:A 2:C 3:B 4:D');
  assert.equal((await call('/api/proxy/rules/C/', { as: 'donny', method: 'DELETE' })).status, 204);
  assert.equal(await move([]), '1:A 2:B 3:D');
  const top = await call('/api/proxy/rules', { as: 'donny', method: 'POST', body: { path: 'new' } });
  assert.deepEqual(top.json(), { rank: 1, path: '/new', allow: '1', is_forward: true, engaged: '' });
  const middle = await call('/api/proxy/rules', {
    as: 'donny',
    method: 'POST',
    body: { path: '/mid', rank: 2, allow: 0 },
  });
  assert.equal(middle.json().rank, 2);
  assert.equal(await move([]), '1:new 2:mid 3:A 4:B 5:D');
});

test('without a path no rule is created, changed or deleted, including the rule for all paths', async () => {
  await rules([
    { path: '/app/', allow: 1 },
    { path: '/', allow: 0 },
  ]);
  const count = async () => (await call('/api/proxy/rules', { as: 'donny' })).json().count as number;
  for (const [method, path] of [
    ['DELETE', '/api/proxy/rules'],
    ['DELETE', '/api/proxy/rules/'],
    ['DELETE', '/api/proxy/rules//'],
    ['PUT', '/api/proxy/rules'],
    ['PUT', '/api/proxy/rules/'],
  ] as const) {
    const refused = await call(path, { as: 'donny', method, ...(method === 'PUT' ? { body: { allow: 1 } } : {}) });
    assert.ok([404, 405].includes(refused.status), `${method} ${path}: ${refused.status}`);
  }
  for (const body of [{ rank: 9, allow: 1 }, { path: '' }, {}]) {
    const refused = await call('/api/proxy/rules', { as: 'donny', method: 'POST', body });
    assert.equal(refused.status, 400);
    assert.ok(Array.isArray(refused.json().path), refused.text);
  }
  assert.equal(await count(), 2);
  assert.equal((await call('/api/proxy/rules/%2F', { as: 'donny' })).json().path, '/');
  assert.equal((await call('/api/proxy/rules/%2F', { as: 'donny', method: 'DELETE' })).status, 204);
  assert.equal(await count(), 1);
});

test('a manager changes a rule with the body of 2019, which has the path', async () => {
  await rules(['/a/', '/b/', '/'].map((path) => ({ path, allow: 0 })));
  const patch = (body: object) => call('/api/proxy/rules', { as: 'donny', method: 'PATCH', body });
  const moved = await patch({ rank: 1, path: '/b/', allow: '1', engaged: 'docs' });
  assert.deepEqual(
    [moved.status, moved.json()],
    [200, { rank: 1, path: '/b/', allow: '1', is_forward: true, engaged: 'docs' }],
  );
  assert.equal((await patch({ path: '/', is_forward: false })).json().is_forward, false);
  assert.equal((await patch({ rank: 1, path: '/none/' })).json().code, 'rule_unknown');
  for (const body of [{}, { rank: 1 }, { updates: 3 }]) {
    const refused = await patch(body);
    assert.equal(refused.status, 400);
    assert.equal(typeof (refused.json().detail ?? ''), 'string', refused.text);
  }
});

test('concurrent moves leave each rank with one rule', async () => {
  await rules(['/A', '/B', '/C', '/D', '/E'].map((path) => ({ path, allow: 0 })));
  const moves = Array.from({ length: 12 }, (_, index) => ({ oldpos: (index % 5) + 1, newpos: ((index * 3) % 5) + 1 }));
  await Promise.all(moves.map((each) => call('/api/proxy/rules', { as: 'donny', method: 'PATCH', body: [each] })));
  const { json } = await call('/api/proxy/rules', { as: 'donny' });
  assert.deepEqual(
    (json().results as { rank: number }[]).map(({ rank }) => rank),
    [1, 2, 3, 4, 5],
  );
});

test('an invalid rule is refused with the field', async () => {
  await rules([{ path: '/app/', allow: 1 }]);
  const post = (body: object) => call('/api/proxy/rules', { as: 'donny', method: 'POST', body });
  const twice = await post({ path: 'app' });
  assert.deepEqual([twice.status, twice.json().code], [400, 'rule_exists']);
  for (const [body, field] of [
    [{ path: '/a*' }, 'path'],
    [{ path: '/a b' }, 'path'],
    [{ path: '/../x' }, 'path'],
    [{ path: '/b', allow: 19 }, 'allow'],
    [{ path: '/b', allow: '2/{' }, 'allow'],
    [{ path: '/b', allow: 'x' }, 'allow'],
    [{ path: '/b', engaged: 'x'.repeat(51) }, 'engaged'],
    [{ path: '/b', rank: 'x' }, 'rank'],
  ] as const) {
    const { status, json } = await post(body);
    assert.equal(status, 400);
    assert.ok(Array.isArray(json()[field]), JSON.stringify(json()));
  }
  for (const method of ['GET', 'DELETE']) {
    const unknown = await call('/api/proxy/rules/none', { as: 'donny', method });
    assert.deepEqual([unknown.status, unknown.json().code], [404, 'rule_unknown']);
  }
  assert.equal((await call('/api/proxy/rules', { as: 'xia' })).status, 403);
  assert.equal((await call('/api/proxy/rules', { as: 'alice' })).status, 200);
  assert.equal((await call('/api/proxy/rules', { as: 'alice', method: 'POST', body: { path: '/b' } })).status, 403);
});
