import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProfileId } from '#platform/db/db-schema';
import type { Subject } from '#platform/http/guards/access';
import { mayRefundLines } from './policy.ts';

const idsOf = (...ids: number[]) => new Set(ids.map((id) => id as ProfileId)); // test ids
const as = (relation: Subject['relation']): Subject => ({
  profile_id: null,
  user_id: null,
  relation,
  is_manager: true,
});

test('a manager of the broker may refund any line', () => {
  assert.equal(mayRefundLines(as('broker'), idsOf(1, 2), idsOf()), true);
});

test('another caller may refund lines only if it manages every provider of them', () => {
  assert.equal(mayRefundLines(as('provider'), idsOf(1, 2), idsOf(1, 2, 3)), true);
  assert.equal(mayRefundLines(as('provider'), idsOf(1, 2), idsOf(1)), false);
});
