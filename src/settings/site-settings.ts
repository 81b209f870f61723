import type { Setting } from './setting.ts';

/** Settings of the site at its first start, and of its mail. */
export const siteSettings = {
  site_slug: {
    name: 'SITE_SLUG',
    kind: 'string',
    default: 'tollgate',
    description: 'Short name of the site and of its broker profile; read at the first start only.',
  },
  site_title: {
    name: 'SITE_TITLE',
    kind: 'string',
    default: 'Tollgate',
    description: 'Name of the site on pages and in e-mails; read at the first start only.',
  },
  site_email: {
    name: 'SITE_EMAIL',
    kind: 'string',
    default: null,
    description:
      'From address of e-mails. The first start also stores it as the address of the broker and of the first manager. Required in production; operator@tollgate.localhost otherwise.',
  },
  smtp_url: {
    name: 'SMTP_URL',
    kind: 'secret',
    default: null,
    description:
      'smtp:// or smtps:// address of the mail server. Without it e-mails are written to the log in evaluation, stored in memory in development and discarded with a warning in production.',
  },
} satisfies Record<string, Setting>;

export interface SiteConfig {
  site_slug: string;
  site_title: string;
  site_email: string;
  smtp_url: string | null;
}
