import type { FastifyRequest } from 'fastify';
import type { App } from '../http/app.ts';
import { setCookie } from '../http/cookies.ts';
import { textField } from '../http/forms.ts';
import { safeNext } from '../http/next.ts';
import { paths } from '../http/paths.ts';

/** Colours of the pages: those of the system, or one scheme. */
const schemes = ['auto', 'light', 'dark'] as const;
export type Colours = (typeof schemes)[number];

const YEAR_S = 365 * 86_400;

/** Registers the form of the account menu that selects the colours; they are stored in a cookie of this browser. */
export function colourRoutes(app: App): void {
  const options = { config: { access: { kind: 'public' }, page: true }, schema: { hide: true } } as const;
  app.post(paths.colours(), options, async (request, reply) => {
    const wanted = textField(request.body, 'colours', 10);
    const colours = schemes.find((scheme) => scheme === wanted) ?? 'auto';
    setCookie(reply, app.cookieNames.colours, colours, { max_age_s: YEAR_S });
    return reply.redirect(safeNext(textField(request.body, 'next')) ?? paths.home(), 303);
  });
}

/** Returns the colours that the reader selected; `auto` without a choice. */
export function coloursOf({ cookies, server }: FastifyRequest): Colours {
  const value = cookies[server.cookieNames.colours];
  return schemes.find((scheme) => scheme === value) ?? 'auto';
}
