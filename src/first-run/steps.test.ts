import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type SetUpFacts, setUpSteps } from './steps.ts';

const fresh: SetUpFacts = {
  title: 'Tollgate',
  email: 'operator@tollgate.localhost',
  default_title: 'Tollgate',
  default_email: 'operator@tollgate.localhost',
  entry_point: null,
  forwarded_path: null,
  session_key_at: null,
  plan_title: null,
};
const states = (facts: Partial<SetUpFacts>) => setUpSteps({ ...fresh, ...facts }).map(({ state }) => state);

test('the first step of a new site is its name', () => {
  assert.deepEqual(states({}), ['current', 'later', 'later', 'later', 'later']);
});

test('a site without its own address has the first step open', () => {
  assert.deepEqual(states({ title: 'Acme' })[0], 'current');
});

test('the first step that is not done is the current one, in any order of completion', () => {
  const named = { title: 'Acme', email: 'hello@acme.example' };
  assert.deepEqual(states({ ...named, entry_point: 'https://app.example/' }), [
    'done',
    'current',
    'done',
    'later',
    'later',
  ]);
});

test('a site that is set up has no current step', () => {
  const all = { entry_point: 'x', forwarded_path: '/', session_key_at: new Date(0), plan_title: 'Basic' };
  assert.ok(states({ title: 'Acme', email: 'hello@acme.example', ...all }).every((state) => state === 'done'));
});
