import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, readConfig } from '../config.ts';
import { findDoubtfulSettings, isLoopback, requireSafeSettings, findUnsafeSettings } from './unsafe-settings.ts';

const SECRET = '0123456789abcdef0123456789abcdef';
const production = {
  DATABASE_URL: 'postgres://tollgate@db.internal/tollgate',
  SECRET_KEY: SECRET,
  BASE_URL: 'https://site.example.com',
  SITE_EMAIL: 'support@site.example.com',
  ALLOW_TEST_PROCESSOR: '1',
};
const development = { TOLLGATE_MODE: 'development' };

/** Production with Stripe. No test asks Stripe. */
const stripe = {
  ...production,
  ALLOW_TEST_PROCESSOR: '0',
  PROCESSOR: 'stripe',
  STRIPE_SECRET_KEY: 'sk_live_x',
  STRIPE_PUBLISHABLE_KEY: 'pk_live_x',
  STRIPE_WEBHOOK_SECRETS: 'whsec_x',
};
const test_keys = { STRIPE_SECRET_KEY: 'rk_test_x', STRIPE_PUBLISHABLE_KEY: 'pk_test_x' };
const emulator = { STRIPE_API_URL: 'http://127.0.0.1:12111' };

type Environment = Record<string, string>;

// oxfmt-ignore
const table: [string, Environment, [setting: string, override: string | null][]][] = [
  ['production with everything in place', production, []],
  ['production behind a proxy on the same machine', { ...production, HOST: '127.0.0.1' }, []],
  ['production on all addresses', { ...production, HOST: '0.0.0.0' }, []],
  ['production with the test processor', { ...production, ALLOW_TEST_PROCESSOR: '0' }, [['PROCESSOR', 'ALLOW_TEST_PROCESSOR']]],
  ['production without an address', { ...production, BASE_URL: '' }, [['BASE_URL', 'ALLOW_INSECURE_COOKIES']]],
  ['production over http', { ...production, BASE_URL: 'http://site.example.com' }, [['BASE_URL', 'ALLOW_INSECURE_COOKIES']]],
  ['production over http on this machine', { ...production, BASE_URL: 'http://localhost:8000' }, []],
  ['production over http that others reach', { ...production, BASE_URL: 'http://localhost:8000', HOST: '0.0.0.0' }, [['BASE_URL', 'ALLOW_INSECURE_COOKIES']]],
  ['production without a site address', { ...production, SITE_EMAIL: '' }, [['SITE_EMAIL', 'ALLOW_UNREACHABLE_SITE_EMAIL']]],
  ['production with an address of this machine', { ...production, SITE_EMAIL: 'support@localhost.localdomain' }, [['SITE_EMAIL', 'ALLOW_UNREACHABLE_SITE_EMAIL']]],
  ['production with a general limit that limits nothing', { ...production, REQUESTS_PER_MINUTE_MAX: '1000000' }, [['REQUESTS_PER_MINUTE_MAX', 'ALLOW_RAISED_LIMITS']]],
  ['production with raised limits', { ...production, THROTTLE_FACTOR: '100000' }, [['THROTTLE_FACTOR', 'ALLOW_RAISED_LIMITS']]],
  ['production with short passwords', { ...production, PASSWORD_LENGTH_MIN: '4' }, [['PASSWORD_LENGTH_MIN', 'ALLOW_SHORT_PASSWORDS']]],
  ['production that trusts every address', { ...production, TRUSTED_PROXIES: '10.0.0.1, 0.0.0.0/0' }, [['TRUSTED_PROXIES', 'ALLOW_ANY_PROXY']]],
  ['production that trusts every address in halves', { ...production, TRUSTED_PROXIES: '0.0.0.0/1,128.0.0.0/1' }, [['TRUSTED_PROXIES', 'ALLOW_ANY_PROXY']]],
  ['production that trusts every IPv6 address', { ...production, TRUSTED_PROXIES: '::/0' }, [['TRUSTED_PROXIES', 'ALLOW_ANY_PROXY']]],
  ['production that trusts every IPv4 address in IPv6 notation', { ...production, TRUSTED_PROXIES: '::ffff:0:0/96' }, [['TRUSTED_PROXIES', 'ALLOW_ANY_PROXY']]],
  ['production that trusts one IPv4 address in IPv6 notation', { ...production, TRUSTED_PROXIES: '::ffff:10.0.0.1' }, []],
  ['production that trusts a private network', { ...production, TRUSTED_PROXIES: '10.0.0.0/8,fd00::/16,loopback' }, []],
  ['production with a key of one character', { ...production, SECRET_KEY: 'a'.repeat(64) }, [['SECRET_KEY', 'ALLOW_WEAK_SECRET_KEY']]],
  ['production with live keys of Stripe', stripe, []],
  ['production with Stripe and no secret of a webhook', { ...stripe, STRIPE_WEBHOOK_SECRETS: '' }, [['STRIPE_WEBHOOK_SECRETS', null]]],
  ['production with test keys of Stripe', { ...stripe, ...test_keys }, [['STRIPE_SECRET_KEY', 'ALLOW_TEST_KEYS']]],
  ['production with test keys that are allowed', { ...stripe, ...test_keys, ALLOW_TEST_KEYS: '1' }, []],
  ['production with live keys and an emulator', { ...stripe, ...emulator }, [['STRIPE_API_URL', 'ALLOW_LIVE_KEYS']]],
  ['production with an emulator on another machine', { ...stripe, ...test_keys, ALLOW_TEST_KEYS: '1', STRIPE_API_URL: 'http://stripe.test:12111' }, [['STRIPE_API_URL', null]]],
  ['development with live keys of Stripe', { ...development, STRIPE_SECRET_KEY: 'sk_live_x', STRIPE_PUBLISHABLE_KEY: 'pk_live_x' }, [['STRIPE_SECRET_KEY', 'ALLOW_LIVE_KEYS']]],
  ['evaluation with live keys of Stripe', { STRIPE_SECRET_KEY: 'rk_live_x', STRIPE_PUBLISHABLE_KEY: 'pk_live_x' }, [['STRIPE_SECRET_KEY', 'ALLOW_LIVE_KEYS']]],
  ['development with test keys and an emulator', { ...development, ...test_keys, ...emulator }, []],
  ['embedded production', { TOLLGATE_MODE: 'production' }, [['PROCESSOR', 'ALLOW_TEST_PROCESSOR'], ['BASE_URL', 'ALLOW_INSECURE_COOKIES'], ['SITE_EMAIL', 'ALLOW_UNREACHABLE_SITE_EMAIL']]],
  ['an override that does not concern the setting', { ...production, PASSWORD_LENGTH_MIN: '4', ALLOW_RAISED_LIMITS: '1' }, [['PASSWORD_LENGTH_MIN', 'ALLOW_SHORT_PASSWORDS']]],
  ['several at the same time, with one override', { ...production, PASSWORD_LENGTH_MIN: '4', THROTTLE_FACTOR: '2', BASE_URL: '', ALLOW_RAISED_LIMITS: '1' }, [['BASE_URL', 'ALLOW_INSECURE_COOKIES'], ['PASSWORD_LENGTH_MIN', 'ALLOW_SHORT_PASSWORDS']]],
  ['nothing set', {}, []],
  ['evaluation on all addresses', { HOST: '0.0.0.0' }, [['HOST', null]]],
  ['evaluation on all addresses of both families', { TOLLGATE_MODE: 'evaluation', HOST: '::' }, [['HOST', null]]],
  ['evaluation under a public name', { BASE_URL: 'https://site.example.com' }, [['BASE_URL', null]]],
  ['evaluation under a further public name', { ALLOWED_HOSTS: 'localhost:8000,site.example.com' }, [['ALLOWED_HOSTS', null]]],
  ['evaluation with raised limits', { THROTTLE_FACTOR: '1000' }, [['THROTTLE_FACTOR', 'ALLOW_RAISED_LIMITS']]],
  ['development', { ...development, THROTTLE_FACTOR: '1000', PASSWORD_LENGTH_MIN: '4' }, []],
  ['development on all addresses', { ...development, HOST: '0.0.0.0' }, [['HOST', 'ALLOW_PUBLIC_DEVELOPMENT']]],
  ['development on a private address', { ...development, HOST: '192.168.1.10' }, [['HOST', 'ALLOW_PUBLIC_DEVELOPMENT']]],
  ['development under a public name', { ...development, BASE_URL: 'https://site.example.com' }, [['BASE_URL', 'ALLOW_PUBLIC_DEVELOPMENT']]],
  ['public development that is allowed', { ...development, HOST: '0.0.0.0', ALLOW_PUBLIC_DEVELOPMENT: '1' }, []],
  ['public development with short passwords', { ...development, HOST: '0.0.0.0', ALLOW_PUBLIC_DEVELOPMENT: '1', PASSWORD_LENGTH_MIN: '4' }, [['PASSWORD_LENGTH_MIN', 'ALLOW_SHORT_PASSWORDS']]],
];

for (const [title, environment, expected] of table) {
  test(`the start is ${expected.length === 0 ? 'allowed' : `refused for ${expected.map(([name]) => name).join(', ')}`}: ${title}`, () => {
    const found = findUnsafeSettings(readConfig(environment));
    assert.deepEqual(
      found.map(({ setting, override }) => [setting, override]),
      expected,
    );
  });
}

test('the refusal has one line for each unsafe setting, which names the override', () => {
  const config = readConfig({ ...production, THROTTLE_FACTOR: '5', PASSWORD_LENGTH_MIN: '4' });
  assert.throws(
    () => requireSafeSettings(config),
    (error) => {
      assert.ok(error instanceof ConfigError);
      assert.equal(error.lines.length, 2);
      assert.match(error.lines[0] ?? '', /^THROTTLE_FACTOR: .*ALLOW_RAISED_LIMITS=1/);
      assert.match(error.lines[1] ?? '', /^PASSWORD_LENGTH_MIN: .*ALLOW_SHORT_PASSWORDS=1/);
      return true;
    },
  );
});

test('the mode is production with a database server and evaluation without, unless it is set', () => {
  assert.equal(readConfig({}).mode, 'evaluation');
  assert.equal(readConfig({ DATABASE_URL: production.DATABASE_URL, SECRET_KEY: SECRET }).mode, 'production');
  assert.equal(readConfig({ TOLLGATE_MODE: 'production' }).mode, 'production');
  assert.equal(readConfig({ ...production, TOLLGATE_MODE: 'evaluation' }).mode, 'evaluation');
});

test('a setting that weakens a defence within its bounds is logged and does not prevent the start', () => {
  const config = readConfig({ ...production, TOKEN_LIFETIME_S: '7776000', PRIVATE_ADDRESSES_ALLOWED: '1' });
  assert.deepEqual(findUnsafeSettings(config), []);
  assert.deepEqual(
    findDoubtfulSettings(config).map(({ setting }) => setting),
    ['PRIVATE_ADDRESSES_ALLOWED', 'SMTP_URL', 'TOKEN_LIFETIME_S'],
  );
  assert.deepEqual(findDoubtfulSettings(readConfig({})), []);
});

test('an address, a host, a proxy or a header that cannot be used is refused with the entry', () => {
  const lines = (environment: Environment) => {
    try {
      readConfig({ ...production, ...environment });
      return [];
    } catch (error) {
      assert.ok(error instanceof ConfigError);
      return [...error.lines];
    }
  };
  assert.match(lines({ ALLOWED_HOSTS: '*' }).join(), /^ALLOWED_HOSTS: "\*"/);
  assert.match(lines({ ALLOWED_HOSTS: 'a.example.com,https://b.example.com/' }).join(), /"https:\/\/b/);
  assert.match(lines({ TRUSTED_PROXIES: '10.0.0.0/33' }).join(), /^TRUSTED_PROXIES: "10/);
  assert.match(lines({ TRUSTED_PROXIES: 'proxy.internal' }).join(), /^TRUSTED_PROXIES: "proxy/);
  assert.match(lines({ SITE_EMAIL: 'support' }).join(), /^SITE_EMAIL:/);
  assert.match(lines({ FORWARDED_HEADERS: 'x-*' }).join(), /^FORWARDED_HEADERS: x-\* is a pattern/);
  for (const BASE_URL of [
    'https://a.example.com/shop',
    'https://u:p@a.example.com',
    'https://a.example.com/?x',
    'a.example.com',
  ])
    assert.match(lines({ BASE_URL }).join(), /^BASE_URL:/, BASE_URL);
  assert.deepEqual(lines({ BASE_URL: 'https://A.example.com:443/' }), []);
  assert.deepEqual(lines({ ALLOWED_HOSTS: 'a.example.com:8443,[::1]:80', TRUSTED_PROXIES: '::1,uniquelocal' }), []);
});

test('only addresses of this machine are loopback', () => {
  for (const host of ['localhost', 'LOCALHOST', 'site.localhost', '127.0.0.1', '127.9.9.9', '::1', '[::1]'])
    assert.equal(isLoopback(host), true, host);
  for (const host of [
    '0.0.0.0',
    '::',
    '[::]',
    '10.0.0.1',
    '192.168.0.1',
    'site',
    '127.0.0.1.example.com',
    '128.0.0.1',
    '::2',
  ])
    assert.equal(isLoopback(host), false, host);
});
