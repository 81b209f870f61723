import { accessiblePlans, accessibleProfiles, manages, type Session, type SessionProfile } from './session.ts';

/** The application's facts about the caller, as the JSON response has them. */
export function sessionView(session: Session, path: string, now: Date) {
  const slug = /^\/app\/([^/]+)/.exec(path)?.[1] ?? null;
  const profiles = accessibleProfiles(session);
  const profile = profiles.find((candidate) => candidate.slug === slug) ?? null;
  return {
    username: session.username,
    path,
    profile: profile?.slug ?? null,
    plans: profile === null ? [] : accessiblePlans(profile, now),
    is_manager: slug !== null && manages(session, slug),
    session,
  };
}

/** The same facts as a page. */
export function sessionPage(session: Session, path: string, now: Date): string {
  const view = sessionView(session, path, now);
  const rows = accessibleProfiles(session)
    .flatMap((profile) => subscriptionRows(profile, now))
    .join('');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The application</title>
<style>
  body { font: 1rem/1.5 system-ui, sans-serif; max-width: 48rem; margin: 2rem auto; padding: 0 1rem; color: #1c1f23; background: #fff }
  table { border-collapse: collapse; width: 100% } caption, th, td { text-align: left; padding: .4rem .6rem; border-bottom: 1px solid #c8ccd2 }
  caption { font-weight: 600 } pre { background: #f3f4f6; padding: 1rem; overflow: auto } nav a { margin-right: 1rem; color: #0b4fb3 }
</style>
</head>
<body>
<nav aria-label="Site"><a href="/pricing/">Pricing</a><a href="/profile/">Profiles</a><a href="/users/${encodeURIComponent(session.username)}/">Account</a>${view.profile === null ? '' : `<a href="/app/${encodeURIComponent(view.profile)}/reports/">Reports</a>`}</nav>
<main>
<h1>${isReports(path) ? 'Reports for subscribers of ' : 'Hello, '}<span data-testid="username">${text(session.username)}</span></h1>
<p>This page comes from the application behind the gateway. All that it knows about you is below.</p>
${view.profile === null ? '' : `<p>You work on <strong data-testid="profile">${text(view.profile)}</strong>${view.is_manager ? ' and manage it' : ''}.</p>`}
<table data-testid="subscriptions"><caption>Subscriptions</caption>
<thead><tr><th scope="col">Profile</th><th scope="col">Plan</th><th scope="col">Until</th><th scope="col">State</th></tr></thead>
<tbody>${rows === '' ? '<tr><td colspan="4">None</td></tr>' : rows}</tbody></table>
<h2>The session</h2>
<pre tabindex="0" aria-label="Session as JSON">${text(JSON.stringify(session, null, 2))}</pre>
</main>
</body>
</html>
`;
}

/** The part of the application that a rule of the gateway may reserve for subscribers. */
function isReports(path: string): boolean {
  return /^\/app\/[^/]+\/reports(\/|$)/.test(path);
}

function subscriptionRows(profile: SessionProfile, now: Date): string[] {
  return profile.subscriptions.map(({ plan, ends_at }) => {
    const state = new Date(ends_at) > now ? 'active' : 'ended';
    return `<tr><td>${text(profile.printable_name)}</td><td>${text(plan)}</td><td><time datetime="${text(ends_at)}">${text(ends_at.slice(0, 10))}</time></td><td>${state}</td></tr>`;
  });
}

function text(value: string): string {
  return value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
