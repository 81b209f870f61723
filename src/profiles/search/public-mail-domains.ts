// Domains whose mailboxes anybody can have: sharing one makes nobody a colleague.
const domains: ReadonlySet<string> = new Set(
  `aol.com comcast.net fastmail.com free.fr gmail.com gmx.com gmx.de gmx.net googlemail.com hey.com hotmail.com hotmail.fr
   icloud.com laposte.net libero.it live.com mac.com mail.com mail.ru me.com msn.com naver.com orange.fr outlook.com
   proton.me protonmail.com qq.com rediffmail.com sbcglobal.net t-online.de tutanota.com verizon.net wanadoo.fr web.de
   yahoo.co.uk yahoo.com yahoo.fr yandex.com yandex.ru ymail.com zoho.com 126.com 163.com`.split(/\s+/),
);

/** Says whether a domain gives mailboxes to everybody. */
export function isPublicMailDomain(domain: string): boolean {
  return domains.has(domain.toLowerCase());
}

/** The domain of a term that looks like an address of a company, or null. */
export function companyDomain(term: string): string | null {
  const domain = /@([^@\s]+\.[^@\s]+)$/.exec(term)?.[1]?.toLowerCase() ?? null;
  return domain === null || isPublicMailDomain(domain) ? null : domain;
}
