import assert from 'node:assert/strict';

export interface Step {
  status: number;
  location: string | null;
  text: string;
  url: string;
}

/** A browser without scripts over HTTP: keeps cookies, submits forms with the CSRF token of the last page. */
export function walk(origin: string) {
  const jar = new Map<string, string>();
  let csrf = '';
  async function send(
    path: string,
    init: { method: string; body?: URLSearchParams; headers?: Record<string, string> },
  ): Promise<Step> {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const reply = await fetch(new URL(path, origin), {
      redirect: 'manual',
      ...init,
      headers: { accept: 'text/html,application/xhtml+xml', ...(cookie === '' ? {} : { cookie }), ...init.headers },
    });
    for (const line of reply.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '' || /max-age=0|expires=thu, 01 jan 1970/i.test(line)) jar.delete(name);
      else jar.set(name, value);
    }
    const text = await reply.text();
    csrf = /name="_csrf" value="([^"]+)"/.exec(text)?.[1] ?? csrf;
    return { status: reply.status, location: reply.headers.get('location'), text, url: path };
  }
  return {
    jar,
    get: (path: string) => send(path, { method: 'GET' }),
    post: (path: string, fields: Record<string, string>) =>
      send(path, { method: 'POST', body: new URLSearchParams({ _csrf: csrf, ...fields }) }),
    json: (path: string) => send(path, { method: 'GET', headers: { accept: 'application/json' } }),
    /** Follows redirects to their end. */
    async follow(step: Step): Promise<Step> {
      let at = step;
      for (let hops = 0; at.location !== null && hops < 10; hops++) at = await send(at.location, { method: 'GET' });
      return at;
    },
  };
}

/** Fails with the text of the page when the step has another result. */
export function expectStatus(step: Step, status: number): void {
  assert.equal(step.status, status, `${step.url}: ${step.text.replace(/<[^>]+>|\s+/g, ' ').slice(0, 600)}`);
}
