import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { signInBrowser } from '../../test/support/client.ts';
import { type ChangeSite, expectStatus, startChanges } from '../../test/support/changes.ts';
import { RENEW, setCardOutcome, token_lifetime_s } from '../../test/support/dunning.ts';

/** Written from right to left, and fourteen hours ahead of UTC: the subscriptions end at midnight there. */
const customer = { full_name: 'شركة الأعمال المتحدة', default_timezone: 'Pacific/Kiritimati' };
const isolated = `\u2068${customer.full_name}\u2069`;
const long = 'Shared Desks, Meeting Rooms and Quiet Places in Harbour Lane';

let site: ChangeSite;
let origin: string;
before(async () => {
  site = await startChanges({ config: { token_lifetime_s, terms_required: false } });
  const { db } = site.app;
  origin = await site.app.tollgate.listen();
  await db.updateTable('profiles').set(customer).where('slug', '=', 'xia').execute();
  await db.updateTable('profiles').set({ full_name: long }).where('slug', '=', 'cowork').execute();
  await db.updateTable('users').set({ email_verified_at: site.app.clock.now() }).execute();
  await site.plan('basic', { unit: 'jpy', period_amount: 590_000, pause_days_max: 60 });
  await site.plan('pass', { unit: 'usd', period_amount: 123_456, renewal_type: 'repeat' });
  await site.plan('studio', { unit: 'usd', period_amount: 5900, trial_days: 40 });
  await site.plan('meter', {
    unit: 'usd',
    period_amount: 1000,
    use_charges: [{ slug: 'meeting-room', title: 'Meeting room', use_amount: 500, quota: 1, description: '' }],
  });
  for (const plan of ['basic', 'pass', 'studio', 'meter']) await site.buy(site.xia, 'xia', plan);
  await receive();
});
after(() => site.close());

interface Mail {
  event: string;
  to: string[];
  bcc: string[];
  subject: string;
  text: string;
  html: string;
}

/** Delivers the waiting events; returns the messages that they caused, by `event to` or `event copy`. */
async function receive(): Promise<Map<string, Mail>> {
  await site.app.tollgate.worker.drain();
  const mails: Mail[] = [...site.app.tollgate.mailbox.list()];
  site.app.tollgate.mailbox.clear();
  for (const mail of mails) {
    const parts = `${mail.subject}\n${mail.text}`;
    assert.doesNotMatch(parts, /undefined|\[object|NaN|\b(?:on|until|before|to|by|of|from) [.,:]/, parts);
    assert.ok(mail.subject.length > 0 && mail.text.length > 50 && mail.html.includes('<h1>'), mail.event);
    assert.ok(!parts.replaceAll(isolated, '').includes(customer.full_name), parts);
  }
  return new Map(mails.map((mail) => [`${mail.event} ${mail.to.length > 0 ? 'to' : 'copy'}`, mail]));
}

/** Requires that a message was sent, with these texts in its subject or its text part, and that its links open. */
async function requireMail(mails: ReadonlyMap<string, Mail>, name: string, ...texts: string[]): Promise<void> {
  const mail = mails.get(name) ?? assert.fail(`no ${name} among ${[...mails.keys()].join(', ')}`);
  const parts = `${mail.subject}\n${mail.text}`.replaceAll(/\s+/g, ' ');
  for (const text of texts) assert.ok(parts.includes(text), `${text} in ${parts}`);
  const reader = await signInBrowser(site.app, name.endsWith(' to') ? 'xia' : 'operator');
  const links = mail.text.match(/https?:\/\/[^\s>]+/g)?.filter((link) => link !== `${origin}/`) ?? [];
  assert.ok(links.length > 0, parts);
  for (const link of links) {
    assert.ok(link.startsWith(`${origin}/`), link);
    assert.equal((await reader.get(link.slice(origin.length))).status, 200, link);
  }
}

test('the notices of an end name its day in the zone of each reader', async () => {
  await site.runAt('2026-01-26T09:00:00Z', 'send_end_notices');
  const mails = await receive();
  await requireMail(mails, 'expires_soon to', 'pass ends on Feb 11, 2026', isolated, long);
  await requireMail(mails, 'expires_soon copy', 'pass ends on Feb 10, 2026', isolated);
});

test('the end of the free uses names the use by its title', async () => {
  const uses = { plan: 'meter', use: 'meeting-room', quantity: 2 };
  await expectStatus(site.broker('POST', '/api/billing/xia/balance', uses), 200, 201);
  await requireMail(await receive(), 'quota_reached to', 'The free uses of meter are used up', '“Meeting room”');
});

test('a failed renewal names the amounts, the next attempt and the end in the zone of the payer', async () => {
  await setCardOutcome(site, 'insufficient_funds');
  await site.runAt('2026-02-09T10:00:00Z', RENEW);
  const mails = await receive();
  await requireMail(
    mails,
    'renewal_charge_failed to',
    `Your payment to ${long} failed`,
    isolated,
    '¥5,900',
    'again on Feb 11, 2026.',
    'ends on Feb 17, 2026.',
    '/billing/xia/dunning/',
  );
  await requireMail(mails, 'renewal_charge_failed copy', 'again on Feb 10, 2026.', 'ends on Feb 16, 2026.');
  await setCardOutcome(site, 'accepted');
  await site.runAt('2026-02-10T10:00:00Z', RENEW);
  await requireMail(
    await receive(),
    'renewal_recovered to',
    `Your payment to ${long} arrived`,
    'Nothing is due any more',
    isolated,
  );
});

test('a trial is announced with its price, and where it is stopped', async () => {
  await site.runAt('2026-02-12T10:00:00Z', 'convert_trials');
  await requireMail(
    await receive(),
    'trial_ends_soon to',
    'Your trial of studio ends on Feb 20, 2026',
    '$59.00 are charged',
    'choose “Stop”',
  );
});

test('a pause, its end and a planned change name their days', async () => {
  const xia = await site.signIn('xia');
  const url = '/api/profile/xia/subscriptions/basic';
  await expectStatus(xia('POST', `${url}/pause`, { at: 'now', resumes_at: '2026-03-01T12:00:00Z' }), 200, 201);
  await requireMail(await receive(), 'subscription_paused to', 'stands still until Mar 2, 2026', isolated);
  await expectStatus(xia('DELETE', `${url}/pause`), 200, 204);
  await requireMail(await receive(), 'subscription_resumed to', 'basic runs again', isolated);
});
