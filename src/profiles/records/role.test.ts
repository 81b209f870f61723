import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProfileId, RoleId, RoleTypeId, UserId } from '#platform/db/db-schema';
import { parseRoleSlugs, skipsConsent } from './role-type.ts';
import { decideGrant, decideRequest, refuseAcceptance, type Role, roleState, type RoleState } from './role.ts';

const at = new Date('2026-03-01T00:00:00Z');
const before = new Date('2026-02-01T00:00:00Z');
const after = new Date('2026-04-01T00:00:00Z');
const manager = 1 as RoleTypeId; // sample id; ids are branded
const contributor = 2 as RoleTypeId;
const donny = 7 as UserId;

const held: Role = {
  id: 1 as RoleId,
  user_id: donny,
  profile_id: 3 as ProfileId,
  role_type_id: manager,
  grant_key: null,
  request_key: null,
  key_expires_at: null,
  invited_email: null,
  accepted_at: before,
  last_notified_at: null,
  created_at: before,
  extra: null,
};
const rows: Record<RoleState, Role | undefined> = {
  none: undefined,
  invited: { ...held, grant_key: 'g', key_expires_at: after, accepted_at: null },
  lapsed: { ...held, grant_key: 'g', key_expires_at: at, accepted_at: null },
  requested: { ...held, request_key: 'r', accepted_at: null },
  active: held,
};

test('a role has exactly one state', () => {
  for (const [state, row] of Object.entries(rows)) assert.equal(roleState(row, at), state);
});

// oxfmt-ignore
const grants: [state: RoleState, type: RoleTypeId, asks_user: boolean, does: string][] = [
  ['none',      manager,     true,  'invite'],
  ['none',      manager,     false, 'activate'],
  ['lapsed',    manager,     true,  'invite'],
  ['lapsed',    manager,     false, 'activate'],
  ['requested', manager,     true,  'activate'],
  ['requested', contributor, true,  'activate'],
  ['requested', contributor, false, 'activate'],
  ['invited',   manager,     true,  'reinvite'],
  ['invited',   contributor, true,  'reinvite'],
  ['invited',   manager,     false, 'activate'],
  ['active',    manager,     true,  'nothing'],
  ['active',    manager,     false, 'nothing'],
  ['active',    contributor, true,  'refuse'],
  ['active',    contributor, false, 'refuse'],
];
test('a grant has the effect that the table of states names', () => {
  for (const [state, type, asks_user, does] of grants) {
    assert.equal(
      decideGrant(rows[state], type, { asks_user, is_unproven: false }, at).does,
      does,
      `${state}, asks: ${asks_user}`,
    );
  }
});

test('a grant to an unverified address is always an invitation', () => {
  const options = { asks_user: true, is_unproven: true };
  for (const state of ['none', 'lapsed', 'requested'] as const) {
    assert.equal(decideGrant(rows[state], manager, options, at).does, 'invite', state);
  }
});

// oxfmt-ignore
const requests: [state: RoleState, type: RoleTypeId | null, does: string][] = [
  ['none',      null,        'request'],
  ['none',      manager,     'request'],
  ['lapsed',    contributor, 'request'],
  ['requested', null,        'rerequest'],
  ['requested', contributor, 'rerequest'],
  ['invited',   null,        'accept'],
  ['invited',   manager,     'accept'],
  ['invited',   contributor, 'refuse'],
  ['active',    null,        'nothing'],
  ['active',    manager,     'nothing'],
  ['active',    contributor, 'refuse'],
];
test('a request has the effect that the table of states names', () => {
  for (const [state, type, does] of requests) {
    assert.equal(decideRequest(rows[state], type, at).does, does, `${state} asks for ${type}`);
  }
});

test('only the invited user can accept an invitation, until it expires', () => {
  const verified = { id: donny, email: 'donny@example.com', email_verified_at: before };
  const invited = rows.invited ?? held;
  assert.equal(refuseAcceptance(invited, verified, at), null);
  assert.equal(refuseAcceptance(invited, { ...verified, id: 8 as UserId }, at), 'role_key_unknown');
  assert.equal(refuseAcceptance(invited, verified, after), 'role_key_unknown');
  assert.equal(refuseAcceptance(held, verified, at), 'role_key_unknown');
});

test('an invitation to an address requires that the user has verified the address', () => {
  const mailed = { ...(rows.invited ?? held), invited_email: 'Donny@Example.com' };
  const donny_claims = { id: donny, email: 'donny@example.com', email_verified_at: null };
  assert.equal(refuseAcceptance(mailed, donny_claims, at), 'email_unverified');
  assert.equal(
    refuseAcceptance(mailed, { ...donny_claims, email: 'other@example.com', email_verified_at: before }, at),
    'email_unverified',
  );
  assert.equal(refuseAcceptance(mailed, { ...donny_claims, email_verified_at: before }, at), null);
});

test('only global types, and the manager role on the own personal profile, skip consent', () => {
  const local = { slug: 'any', profile_id: 3 as ProfileId, skip_optin_on_grant: true };
  const global = { slug: 'support', profile_id: null, skip_optin_on_grant: true };
  const asked = { slug: 'manager', profile_id: null, skip_optin_on_grant: false };
  const known = { is_own_personal_profile: false, is_unproven: false };
  assert.equal(skipsConsent(local, known), false);
  assert.equal(skipsConsent(global, known), true);
  assert.equal(skipsConsent(global, { ...known, is_unproven: true }), false);
  assert.equal(skipsConsent(asked, known), false);
  assert.equal(skipsConsent(asked, { ...known, is_own_personal_profile: true }), true);
});

test('a role in a URL is looked up as written, then without its final s', () => {
  assert.deepEqual(parseRoleSlugs('managers'), ['managers', 'manager']);
  assert.deepEqual(parseRoleSlugs('Helpers'), ['helpers', 'helper']);
  assert.deepEqual(parseRoleSlugs('s'), ['s']);
});
