/** One action to try in the demo. `do` may contain `{address}`. test/journeys/demo-tour.test.ts runs each line. */
export interface TourLine {
  id: string;
  do: string;
}

export interface TourStop {
  who: string;
  lines: readonly TourLine[];
}

/** The actions that the banner of the demo lists, by kind of user. */
export const tour: readonly TourStop[] = [
  {
    who: 'A visitor, in a private window',
    lines: [
      { id: 'visitor-registers', do: '{address}/app/ asks you to sign in: register, and the application opens' },
      {
        id: 'visitor-pays',
        do: 'Reports in the application needs a plan: choose one and pay with 4242 4242 4242 4242',
      },
      { id: 'visitor-declined', do: '4000 0000 0000 0002 is declined: no money moves and you can try another card' },
      { id: 'visitor-coupon', do: '{address}/redeem/ takes the code DIS50: half of the price' },
    ],
  },
  {
    who: 'A subscriber: xia / yoyo',
    lines: [
      { id: 'subscriber-reports', do: '{address}/app/xia/reports/ opens, because xia has paid for a plan' },
      { id: 'subscriber-history', do: '{address}/billing/xia/history/ lists payments; each has a receipt' },
      { id: 'subscriber-invites', do: '{address}/profile/xia/roles/ invites kenneth@example.com as a manager' },
    ],
  },
  {
    who: 'A user without a plan: kenneth / yoyo',
    lines: [{ id: 'user-refused', do: '{address}/app/kenneth/reports/ leads to the cart of a plan' }],
  },
  {
    who: 'A contributor of the site: alice / yoyo',
    lines: [
      {
        id: 'contributor-reads',
        do: '{address}/profile/cowork/roles/ shows who has which role; only managers change it',
      },
    ],
  },
  {
    who: 'The manager of the site: donny / yoyo',
    lines: [
      { id: 'manager-set-up', do: '{address}/metrics/cowork/setup/ is what a new site asks for' },
      { id: 'manager-enters', do: '{address}/app/kenneth/reports/ opens: managers of the site need no plan' },
    ],
  },
  {
    who: 'A developer',
    lines: [
      { id: 'developer-reference', do: '{address}/docs/api/ describes each operation, with an example' },
      {
        id: 'developer-token',
        do: `curl -H 'Content-Type: application/json' -d '{"username":"donny","password":"yoyo"}' {address}/api/auth`,
      },
      {
        id: 'developer-session',
        do: '{address}/api/proxy/sessions/xia, as donny, shows what the application receives about xia',
      },
      { id: 'developer-mail', do: '{address}/_dev/mail shows every e-mail; {address}/_dev/clock moves the time' },
    ],
  },
];

/** Returns the tour as text for a terminal. */
export function formatTour(address: string): string {
  return tour
    .map(({ who, lines }) =>
      [`  ${who}`, ...lines.map((line) => `    · ${line.do.replaceAll('{address}', address)}`)].join('\n'),
    )
    .join('\n\n');
}
