import { parseList } from './ask-list.ts';
import type { ListDeclaration } from './list-declaration.ts';
import { type ListFacts, viewList } from './list-view.ts';
import type { ListView } from './list-view-schema.ts';

/** Returns the view of a list at an address, for the samples of a page. */
export function sampleList(
  declaration: ListDeclaration,
  address: string,
  facts: Pick<ListFacts, 'count'> & Partial<ListFacts>,
): ListView {
  const reader = { lang: 'en', timezone: 'America/Los_Angeles', now: new Date('2026-11-26T12:00:00Z') };
  const url = new URL(address, 'https://www.example.com');
  const asked = parseList(declaration, url, reader);
  return viewList(asked, {
    empty: { title: `Your ${declaration.noun[1]} will be listed here` },
    csv_path: `${url.pathname}download/`,
    ...facts,
  });
}
