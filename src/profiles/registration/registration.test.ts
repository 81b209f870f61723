import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideRegistrationShape, parseAgreementField, parseRegistrationExtras } from './registration.ts';

const facts = { full_name: 'Joe Card1', organization_name: null, has_address: false, type: 'unknown' as const };

test('a postal address leads to a personal profile, an organization name to an organization', () => {
  assert.equal(decideRegistrationShape(facts), 'user');
  assert.equal(decideRegistrationShape({ ...facts, has_address: true }), 'personal');
  assert.equal(decideRegistrationShape({ ...facts, type: 'personal' }), 'personal');
  assert.equal(decideRegistrationShape({ ...facts, organization_name: 'Acme 2' }), 'together');
  assert.equal(decideRegistrationShape({ ...facts, organization_name: 'Acme 2', has_address: true }), 'together');
  assert.equal(decideRegistrationShape({ ...facts, organization_name: 'Joe Card1' }), 'personal');
});

test('prefixed members are parsed for the row that the prefix names', () => {
  const extras = parseRegistrationExtras({
    user_age: 3,
    organization_name: 'Acme',
    organization_vat: 'X1',
    role_title: 'CTO',
    other: 1,
  });
  assert.deepEqual(extras, { user: '{"age":3}', organization: '{"vat":"X1"}', role: '{"title":"CTO"}' });
});

test('the user agrees with any value except false, 0, no, off, empty and null', () => {
  for (const yes of [true, 'true', '1', 1, 'on', 'yes']) assert.equal(parseAgreementField(yes), 'agreed', String(yes));
  for (const no of [false, 'false', 'f', '0', '', null, 0, {}])
    assert.equal(parseAgreementField(no), 'declined', JSON.stringify(no));
});
