import { Type } from 'typebox';
import { commonProblems } from '#kernel/problem';
import type { App } from './http/app.ts';
import type { AnyPageType } from './http/page-type.ts';
import type { Room } from './room.ts';
import { escapeHtml } from './templates/trusted-html.ts';

const config = { access: { kind: 'public' }, page: true } as const;

/** Registers `/_dev/gallery/`: every page of the site in every state of its samples. Never registered in production. */
export function galleryRoutes(app: App, rooms: readonly Room[]): void {
  const pages = new Map(
    rooms.flatMap(({ name, page_types = [] }) => page_types.map((page_type) => [nameOf(name, page_type), page_type])),
  );
  app.get('/_dev/gallery/', { config, schema: { hide: true } }, async (_request, reply) =>
    reply.type('text/html; charset=utf-8').send(renderList(pages)),
  );
  app.get(
    '/_dev/gallery/:name/:state/',
    {
      config: { ...config, problems: [commonProblems.not_found] },
      schema: {
        hide: true,
        params: Type.Object({ name: Type.String({ maxLength: 100 }), state: Type.String({ maxLength: 50 }) }),
      },
    },
    async (request, reply) => {
      const { name, state } = request.params;
      const page_type = pages.get(name);
      const sample = page_type && Object.hasOwn(page_type.samples, state) ? page_type.samples[state] : undefined;
      if (!page_type || !sample) throw commonProblems.not_found();
      return reply.page(page_type, sample);
    },
  );
}

/** `login/disabled.html` of profiles becomes `profiles-login-disabled`: two rooms may show one template. */
function nameOf(room: string, { template }: AnyPageType): string {
  return `${room}-${template.replace(/\.html$/, '').replaceAll('/', '-')}`;
}

function renderList(pages: ReadonlyMap<string, AnyPageType>): string {
  const rows = Array.from(pages)
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([name, { template, samples }]) => {
      const links = Object.keys(samples).map(
        (state) =>
          `<a href="/_dev/gallery/${encodeURIComponent(name)}/${encodeURIComponent(state)}/">${escapeHtml(state)}</a>`,
      );
      return `<tr><th scope="row">${escapeHtml(template)}</th><td>${links.join(' · ')}</td></tr>`;
    });
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Pages</title></head><body><main><h1>Pages</h1><table><caption>Every page with its sample states</caption><tbody>${rows.join('')}</tbody></table></main></body></html>`;
}
