import type { Problem, ProblemFactory } from '#kernel/problem';
import type { ListQuery } from '#kernel/page';
import type { Context } from '../context.ts';
import type { FlashLevel, UndoForm } from '../pages/flash.ts';
import type { Access, Subject } from './guards/access.ts';
import type { MakeContext } from './build-context.ts';
import type { CookieNames } from './cookies.ts';
import type { ClaimedKey } from './guards/idempotency.ts';
import type { PeekRequest } from './memory-path.ts';
import type { PageType } from './page-type.ts';
import type { PageOrigins } from './replies/security-headers.ts';
import type { RouteEntry } from './route-list.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Callers that the route admits. Required: the process does not start without it. */
    access?: Access;
    /** The route responds with a page: browsers are redirected to the page that resolves a refusal. */
    page?: boolean;
    /** The page shows other pages of this site in frames. */
    frames_own?: true;
    /** Problems of the route; documented and tested. */
    problems?: readonly ProblemFactory[];
    /** Health checks and assets: no site, caller or database is read. */
    bare?: boolean;
    /** The route forwards to the upstream: no CSRF check, no idempotency record, no security headers of Tollgate. */
    passthrough?: boolean;
    /** The route also accepts other credentials in `Authorization` than a user's, and checks them itself. */
    ownCredentials?: true;
    /** False: the page accepts a POST without a CSRF token (signed callbacks). */
    csrf?: false;
  }
  interface FastifyRequest {
    ctx: Context;
    /** False before authentication, and on bare routes. */
    hasContext: boolean;
    subject: Subject;
    /** Credentials of the request: none, valid or invalid. */
    credentials: 'none' | 'valid' | 'invalid';
    /** Generated at the first use: only pages have one. */
    readonly csp_nonce: string;
    cspNonceIssued: string | null;
    csrfTokenIssued: string | null;
    /** Origins beside this site that the page of the response loads from, by directive; null for most pages. */
    pageOrigins: PageOrigins | null;
    /** Refusal of a caller without a session whose form is kept: thrown when the body was read. */
    refusal: unknown;
    /** Address of the page to which the sign-in leads back, when the form of the request was kept. */
    keptAt: string | null;
    idempotency: ClaimedKey | null;
    started_at_ms: number;
    list(timezone?: string): ListQuery;
    /** As `list`; the time zone is read only when the query has a bound without a time zone of its own. */
    listIn(findTimezone: () => Promise<string>): Promise<ListQuery>;
    readonly listUrl: URL;
  }
  interface FastifyReply {
    /** Responds with a page of the theme, in the context that every page shares. Outside production, checks `data`. */
    page<Data extends object>(page: PageType<Data>, data: NoInfer<Data>, status?: number): Promise<FastifyReply>;
    errorPage(problem: Problem): Promise<FastifyReply>;
    /** Stores a message for the next page in a cookie; with `undo`, it has a button that takes the action back. */
    flash(level: FlashLevel, text: string, options?: { undo?: UndoForm }): FastifyReply;
    /** Sets a visitor cookie unless the request has one; returns its hash. */
    ensureVisitor(): string;
  }
  interface FastifyInstance {
    cookieNames: CookieNames;
    makeContext: MakeContext;
    peekRequest: PeekRequest;
    evaluation: boolean;
    csrfKey: Buffer;
    sealKey: Buffer;
    routeList: RouteEntry[];
  }
}
