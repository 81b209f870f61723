import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agreementAnswer, registrationExtras, registrationShape } from './registration.ts';

const facts = { full_name: 'Joe Card1', organization_name: null, has_address: false, type: 'unknown' as const };

test('an address asks for a personal profile, an organization’s name for an organization', () => {
  assert.equal(registrationShape(facts), 'user');
  assert.equal(registrationShape({ ...facts, has_address: true }), 'personal');
  assert.equal(registrationShape({ ...facts, type: 'personal' }), 'personal');
  assert.equal(registrationShape({ ...facts, organization_name: 'Acme 2' }), 'together');
  assert.equal(registrationShape({ ...facts, organization_name: 'Acme 2', has_address: true }), 'together');
  assert.equal(registrationShape({ ...facts, organization_name: 'Joe Card1' }), 'personal');
});

test('extra members are kept with what their prefix names', () => {
  const extras = registrationExtras({
    user_age: 3,
    organization_name: 'Acme',
    organization_vat: 'X1',
    role_title: 'CTO',
    other: 1,
  });
  assert.deepEqual(extras, { user: '{"age":3}', organization: '{"vat":"X1"}', role: '{"title":"CTO"}' });
});

test('an agreement is agreed to by anything but a no', () => {
  for (const yes of [true, 'true', '1', 1, 'on', 'yes']) assert.equal(agreementAnswer(yes), 'agreed', String(yes));
  for (const no of [false, 'false', 'f', '0', '', null, 0, {}])
    assert.equal(agreementAnswer(no), 'declined', JSON.stringify(no));
});
