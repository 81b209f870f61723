import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isStripeId, requireStripeId } from './stripe-id.ts';

test('only an id with the prefix of its kind is sent to Stripe', () => {
  assert(isStripeId('pi_3Abc_9', 'intent') && isStripeId('py_1', 'charge') && isStripeId('pyr_1', 'refund'));
  const hostile = [
    '',
    'pi_',
    'pi',
    '../account',
    'pi_1/../x',
    'pi_1\r\nX: y',
    ' pi_1',
    'pi_1 ',
    'PI_1',
    'pi_é',
    'pi-1',
  ];
  for (const text of [...hostile, 'cus_1', 'acct_1', 'seti_1', `pi_${'a'.repeat(255)}`]) {
    assert(!isStripeId(text, 'intent'), JSON.stringify(text));
    assert.throws(() => requireStripeId(text, 'intent'), { message: 'not an id of a Stripe intent' });
  }
});
