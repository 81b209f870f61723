import { readFileSync } from 'node:fs';

export interface SessionSample {
  language: string;
  file: string;
  code: string;
}

const files: readonly (readonly [language: string, file: string])[] = [
  ['TypeScript', 'node.ts'],
  ['Python', 'session.py'],
  ['Go', 'session.go'],
  ['PHP', 'session.php'],
];

/** Reads the example code with which an application reads the session, from examples/read-session. */
export function readSessionSamples(): SessionSample[] {
  return files.map(([language, file]) => ({
    language,
    file,
    code: readFileSync(new URL(`../../examples/read-session/${file}`, import.meta.url), 'utf8'),
  }));
}
