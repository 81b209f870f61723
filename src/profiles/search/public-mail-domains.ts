// Domains of public mail providers: two users with addresses of such a domain do not belong to one organization.
const domains: ReadonlySet<string> = new Set(
  `aol.com comcast.net fastmail.com free.fr gmail.com gmx.com gmx.de gmx.net googlemail.com hey.com hotmail.com hotmail.fr
   icloud.com laposte.net libero.it live.com mac.com mail.com mail.ru me.com msn.com naver.com orange.fr outlook.com
   proton.me protonmail.com qq.com rediffmail.com sbcglobal.net t-online.de tutanota.com verizon.net wanadoo.fr web.de
   yahoo.co.uk yahoo.com yahoo.fr yandex.com yandex.ru ymail.com zoho.com 126.com 163.com`.split(/\s+/),
);

/** True for the domain of a public mail provider. */
export function isPublicMailDomain(domain: string): boolean {
  return domains.has(domain.toLowerCase());
}

/** Returns the domain of a term that is an e-mail address outside public mail providers, or null. */
export function parseCompanyDomain(term: string): string | null {
  const domain = /@([^@\s]+\.[^@\s]+)$/.exec(term)?.[1]?.toLowerCase() ?? null;
  return domain === null || isPublicMailDomain(domain) ? null : domain;
}
