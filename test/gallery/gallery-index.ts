import { escapeHtml } from '#platform/templates/trusted-html';
import type { Inspected } from './inspect-entry.ts';

/** Returns the page that shows all pictures with the violations of each page. */
export function galleryIndex(inspected: readonly Inspected[]): string {
  const sections = inspected.map(({ entry, violations, pictures }) => {
    const title = escapeHtml(`${entry.page_type.template}, ${entry.state}`);
    const faults = violations.map((violation) => `<li>${escapeHtml(violation)}</li>`).join('');
    const images = pictures.map(
      ({ view, file }) =>
        `<a href="${encodeURIComponent(file)}"><img loading="lazy" width="${view.width / 4}" src="${encodeURIComponent(file)}" alt="${title}, ${view.width} px, ${view.mode}"></a>`,
    );
    return `<section><h2>${title}</h2>${faults === '' ? '' : `<ul class="faults">${faults}</ul>`}<p>${images.join(' ')}</p></section>`;
  });
  const style =
    'body { margin: 1rem; font: 14px system-ui; } img { border: 1px solid #ccc; vertical-align: top; } .faults { color: #a3182a; }';
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Gallery</title><style>${style}</style></head><body><h1>Gallery</h1>${sections.join('\n')}</body></html>`;
}
