import type { Problem, ProblemFactory } from '#kernel/problem';
import type { ListQuery } from '#kernel/page';
import type { Context } from '../context.ts';
import type { Access, Subject } from './guards/access.ts';
import type { CookieNames } from './cookies.ts';
import type { ClaimedKey } from './guards/idempotency.ts';
import type { PageType } from './page-type.ts';
import type { RouteEntry } from './route-list.ts';

export type FlashLevel = 'success' | 'info' | 'error';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call the route. Required: the process does not start without it. */
    access?: Access;
    /** The route answers a page: browsers are led to what mends a refusal. */
    page?: boolean;
    /** The refusals that the route can give; documented and tested. */
    problems?: readonly ProblemFactory[];
    /** Health checks and assets: no site, caller or database is looked up. */
    bare?: boolean;
    /** The route passes on what is not ours: no CSRF check, no idempotency record, no security headers of ours. */
    passthrough?: boolean;
    /** The route also takes credentials in `Authorization` that are not a user's: it checks those that are invalid itself. */
    ownCredentials?: true;
    /** A page that authenticates nobody yet may still be posted to without a CSRF token (signed callbacks). */
    csrf?: false;
  }
  interface FastifyRequest {
    ctx: Context;
    /** False while the caller is not known yet, and on bare routes. */
    hasContext: boolean;
    subject: Subject;
    /** Whether the caller sent credentials, and what they were worth. */
    credentials: 'none' | 'valid' | 'invalid';
    /** Made when first asked for: only pages have one. */
    readonly csp_nonce: string;
    cspNonceIssued: string | null;
    csrfTokenIssued: string | null;
    idempotency: ClaimedKey | null;
    started_at_ms: number;
    list(timezone?: string): ListQuery;
    readonly listUrl: URL;
  }
  interface FastifyReply {
    /** Responds with a page of the theme, in the context that every page shares. Outside production, checks `data`. */
    page<Data extends object>(page: PageType<Data>, data: NoInfer<Data>, status?: number): Promise<FastifyReply>;
    page(name: string, data?: Record<string, unknown>, status?: number): Promise<FastifyReply>;
    errorPage(problem: Problem): Promise<FastifyReply>;
    /** Leaves a message for the next page. */
    flash(level: FlashLevel, text: string): FastifyReply;
    /** Gives the browser a visitor cookie when it has none; answers its hash. */
    ensureVisitor(): string;
  }
  interface FastifyInstance {
    cookieNames: CookieNames;
    evaluation: boolean;
    csrfKey: Buffer;
    sealKey: Buffer;
    routeList: RouteEntry[];
  }
}
