import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DunningTerms, NO_OWN_TERMS, type OwnTerms, findTermFaults } from './dunning-terms.ts';

const site: DunningTerms = {
  retry_days: [1, 3],
  grace_days: 7,
  access: 'keep',
  access_days: 3,
  end: 'end',
  used_part: 'due',
};
const refusedOf = (own: Partial<OwnTerms>) => {
  const set = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== null));
  return Object.keys(findTermFaults({ ...site, ...set }, { ...NO_OWN_TERMS, ...own }));
};

for (const [title, own, fields] of [
  ['nothing', {}, []],
  ['no retries', { retry_days: [] }, []],
  ['retries out of order', { retry_days: [3, 1] }, ['retry_days']],
  ['a day twice', { retry_days: [1, 1] }, ['retry_days']],
  ['a retry after the grace', { retry_days: [1, 8] }, ['retry_days']],
  ['a grace before the retries of the site', { grace_days: 2 }, ['grace_days']],
  ['a late retry without an end', { retry_days: [30], end: 'keep' }, []],
  ['access beyond the grace', { access: 'after_days', access_days: 8 }, ['access_days']],
  ['access for the days of the site beyond the grace', { access: 'after_days', grace_days: 3, retry_days: [1] }, []],
  ['two faults at once', { retry_days: [2, 1], access: 'after_days', access_days: 9 }, ['retry_days', 'access_days']],
] as const)
  test(`rules with ${title} are refused at: ${fields.join(', ') || 'no field'}`, () => {
    assert.deepEqual(refusedOf(own), fields);
  });
