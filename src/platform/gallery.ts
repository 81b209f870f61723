import { Type } from 'typebox';
import { commonProblems } from '#kernel/problem';
import { viewerContext, viewerOf } from './gallery-viewers.ts';
import type { App } from './http/app.ts';
import { type AnyPageType, viewers } from './http/page-type.ts';
import type { Room } from './room.ts';
import { escapeHtml } from './templates/trusted-html.ts';

const config = { access: { kind: 'public' }, page: true } as const;

/** One page in one state, as the gallery shows it. */
export interface GalleryEntry {
  /** `login/disabled.html` of profiles is `profiles-login-disabled`: two rooms may show one template. */
  readonly name: string;
  readonly state: string;
  readonly page_type: AnyPageType;
  readonly href: string;
}

/** Returns every page of the rooms in every state of its samples, by name. */
export function galleryEntries(rooms: readonly Room[]): readonly GalleryEntry[] {
  return rooms
    .flatMap((room) => (room.page_types ?? []).map((page_type) => ({ name: nameOf(room.name, page_type), page_type })))
    .toSorted((a, b) => a.name.localeCompare(b.name))
    .flatMap(({ name, page_type }) =>
      Object.keys(page_type.samples).map((state) => ({ name, state, page_type, href: hrefOf(name, state) })),
    );
}

/**
 * Registers `/_dev/gallery/`: every page of the site in every state of its samples. Never registered in production.
 *
 * A page is shown with the navigation of the viewer that it declares; `?as=` selects another one and `?mode=` a colour
 * mode.
 */
export function galleryRoutes(app: App, rooms: readonly Room[]): void {
  const entries = galleryEntries(rooms);
  const byPlace = new Map(entries.map((entry) => [entry.href, entry]));
  app.get('/_dev/gallery/', { config, schema: { hide: true } }, async (_request, reply) =>
    reply.type('text/html; charset=utf-8').send(renderList(entries)),
  );
  app.get(
    '/_dev/gallery/:name/:state/',
    {
      config: { ...config, problems: [commonProblems.not_found] },
      schema: {
        hide: true,
        params: Type.Object({ name: Type.String({ maxLength: 100 }), state: Type.String({ maxLength: 50 }) }),
        querystring: Type.Object({
          as: Type.Optional(Type.Enum([...viewers])),
          mode: Type.Optional(Type.Enum(['light', 'dark'])),
        }),
      },
      onSend: async (request, _reply, payload) =>
        typeof payload === 'string' && request.query.mode !== undefined
          ? payload.replace(/<html /, `<html data-bs-theme="${request.query.mode}" `)
          : payload,
    },
    async (request, reply) => {
      const entry = byPlace.get(hrefOf(request.params.name, request.params.state));
      const sample = entry?.page_type.samples[entry.state];
      if (!entry || !sample) throw commonProblems.not_found();
      const { page_type, state } = entry;
      page_type.check(sample);
      const shown = { ...page_type, check: () => {} }; // the data below has the common context of the viewer in addition
      return reply.page(shown, {
        ...(await viewerContext(request.query.as ?? viewerOf(page_type, state), request.ctx, sample)),
        ...sample,
      });
    },
  );
}

function nameOf(room: string, { template }: AnyPageType): string {
  return `${room}-${template.replace(/\.html$/, '').replaceAll('/', '-')}`;
}

function hrefOf(name: string, state: string): string {
  return `/_dev/gallery/${encodeURIComponent(name)}/${encodeURIComponent(state)}/`;
}

function renderList(entries: readonly GalleryEntry[]): string {
  const rows = Array.from(Map.groupBy(entries, ({ name }) => name).values(), (states) => {
    const links = states.map(({ href, state }) => `<a href="${href}">${escapeHtml(state)}</a>`);
    return `<tr><th scope="row">${escapeHtml(states[0]?.page_type.template ?? '')}</th><td>${links.join(' · ')}</td></tr>`;
  });
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Pages</title></head><body><main><h1>Pages</h1><p>Add <code>?mode=dark</code> for dark colours and <code>?as=</code>${viewers.join(', ')} for another viewer.</p><table><caption>Every page with its sample states</caption><tbody>${rows.join('')}</tbody></table></main></body></html>`;
}
