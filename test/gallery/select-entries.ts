import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GalleryEntry } from '#platform/gallery';

const TEMPLATES = 'themes/default/templates/';

/** Returns the first state of each page: `typical`, or the first that it declares. */
export function firstStates(entries: readonly GalleryEntry[]): readonly GalleryEntry[] {
  return Array.from(Map.groupBy(entries, ({ name }) => name).values()).flatMap((states) => {
    const first = states.find(({ state }) => state === 'typical') ?? states[0];
    return first ? [first] : [];
  });
}

/**
 * Returns the entries of the page types that a change touches: their template, a partial of it, or the source that
 * defines the page. Layouts, style sheets and scripts of every page do not count: the first state of every page is
 * inspected for them.
 */
export function touchedEntries(
  entries: readonly GalleryEntry[],
  changed: readonly string[],
  root: string,
): readonly GalleryEntry[] {
  const files = new Set(changed);
  const defining = new Map(entries.map(({ page_type }) => [page_type.template, new Set<string>()]));
  for (const file of changed.filter((each) => /^src\/.*(?<!\.test)\.ts$/.test(each))) {
    const source = readText(join(root, file));
    for (const [template, sources] of defining) if (source.includes(`'${template}'`)) sources.add(file);
  }
  const isTouched = (template: string) =>
    (defining.get(template)?.size ?? 0) > 0 ||
    [...templatesOf(template, root)].some((name) => files.has(`${TEMPLATES}${name}`));
  return entries.filter(({ page_type }) => isTouched(page_type.template));
}

/** Returns a template and the partials that it renders, directly or not. */
function templatesOf(template: string, root: string, found = new Set<string>()): Set<string> {
  if (found.has(template)) return found;
  found.add(template);
  const source = readText(join(root, TEMPLATES, template));
  for (const [, name = ''] of source.matchAll(/\{%-?\s*render\s+'([^']+)'/g)) templatesOf(name, root, found);
  return found;
}

/** Returns the files that differ from a commit, uncommitted and new ones included; none if git does not know it. */
export function changedFiles(base: string, root: string): string[] {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      .split('\n')
      .filter((line) => line !== '');
  try {
    return [...git('diff', '--name-only', base), ...git('ls-files', '--others', '--exclude-standard')];
  } catch {
    return [];
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // the change deletes the file
  }
}
