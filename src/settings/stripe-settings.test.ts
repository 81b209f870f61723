import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, readConfig } from '../config.ts';
import { readStripeSettings, readWebhookSecrets } from './stripe-settings.ts';

const stripe = { PROCESSOR: 'stripe', STRIPE_SECRET_KEY: 'rk_test_x', STRIPE_PUBLISHABLE_KEY: 'pk_test_x' };

// oxfmt-ignore
const refused: [string, Record<string, string>, string[]][] = [
  ['without keys', { PROCESSOR: 'stripe' }, ['STRIPE_SECRET_KEY: is required to charge cards with Stripe.', 'STRIPE_PUBLISHABLE_KEY: is required to charge cards with Stripe.']],
  ['with one key, also for another processor', { STRIPE_SECRET_KEY: 'sk_test_x' }, ['STRIPE_PUBLISHABLE_KEY: is required to charge cards with Stripe.']],
  ['with keys of two modes', { ...stripe, STRIPE_PUBLISHABLE_KEY: 'pk_live_x' }, ['STRIPE_PUBLISHABLE_KEY: is of live mode, and STRIPE_SECRET_KEY of test mode.']],
  ['with the publishable key as the secret one', { ...stripe, STRIPE_SECRET_KEY: 'pk_test_secret' }, ['STRIPE_SECRET_KEY: is not such a key; it begins with sk_test_, sk_live_, rk_test_ or rk_live_.']],
  ['with the secret key as the publishable one', { ...stripe, STRIPE_PUBLISHABLE_KEY: 'sk_test_secret' }, ['STRIPE_PUBLISHABLE_KEY: is not such a key; it begins with pk_test_ or pk_live_.']],
  ['with white space in a key', { ...stripe, STRIPE_SECRET_KEY: 'sk_test_secret ' }, ['STRIPE_SECRET_KEY: is not such a key; it begins with sk_test_, sk_live_, rk_test_ or rk_live_.']],
  ['with three secrets of webhooks', { ...stripe, STRIPE_WEBHOOK_SECRETS: 'whsec_a,whsec_b,whsec_c' }, ['STRIPE_WEBHOOK_SECRETS: must be one or two secrets (whsec_…), separated by a comma, without spaces.']],
  ['with a space between secrets', { ...stripe, STRIPE_CONNECT_WEBHOOK_SECRETS: 'whsec_a, whsec_b' }, ['STRIPE_CONNECT_WEBHOOK_SECRETS: must be one or two secrets (whsec_…), separated by a comma, without spaces.']],
  ['with a secret of a webhook and no key', { STRIPE_WEBHOOK_SECRETS: 'whsec_a' }, ['STRIPE_WEBHOOK_SECRETS: needs STRIPE_SECRET_KEY.']],
  ['with a script that is no address', { ...stripe, STRIPE_JS_URL: 'javascript:alert(1)' }, ['STRIPE_JS_URL: must be an address that starts with http:// or https://.']],
];

for (const [title, environment, lines] of refused) {
  test(`the start with Stripe is refused ${title}, and no line has the key in it`, () => {
    assert.throws(
      () => readConfig(environment),
      (error: unknown) => {
        assert(error instanceof ConfigError);
        assert.deepEqual(error.lines, lines);
        assert(!/secret\b|_x\b/.test(error.lines.join().replaceAll('_secret_', '')));
        return true;
      },
    );
  });
}

test('the script of the card form is that of the emulator, unless another is set', () => {
  const read = (more: Record<string, string>) => readStripeSettings(readConfig({ ...stripe, ...more }))?.js_url;
  const STRIPE_API_URL = 'http://127.0.0.1:12111';
  assert.equal(read({}), null);
  assert.equal(read({ STRIPE_API_URL }), 'http://127.0.0.1:12111/v1/js/stripe.js');
  assert.equal(read({ STRIPE_API_URL, STRIPE_JS_URL: 'http://localhost/s.js' }), 'http://localhost/s.js');
  assert.equal(readStripeSettings(readConfig({})), null);
  const rotated = readConfig({ ...stripe, STRIPE_WEBHOOK_SECRETS: 'whsec_a,whsec_b' });
  assert.deepEqual(readWebhookSecrets(rotated), { platform: ['whsec_a', 'whsec_b'], connect: [] });
});
