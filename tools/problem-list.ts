import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ProblemFactory } from '#kernel/problem';
import { sources } from './sources.ts';

export interface ProblemEntry {
  readonly room: string;
  readonly file: string;
  readonly code: string;
  readonly status: number;
  readonly title: string;
  readonly help: string | undefined;
}

/** Lists every problem that the sources define, by room and in the order of its table. */
export async function listProblems(): Promise<ProblemEntry[]> {
  const entries: ProblemEntry[] = [];
  for (const file of await sources('src')) {
    if (file.endsWith('.test.ts') || !/\bdefineProblems\(\{/.test(await readFile(file, 'utf8'))) continue;
    const module: unknown = await import(pathToFileURL(resolve(file)).href);
    for (const factory of Object.values(asRecord(module)).flatMap((exported) => Object.values(asRecord(exported)))) {
      if (!isFactory(factory)) continue;
      const { status, title, help } = factory.definition;
      entries.push({ room: roomOf(file), file, code: factory.code, status, title, help });
    }
  }
  return entries;
}

function roomOf(file: string): string {
  return file.split('/')[1] ?? file;
}

function isFactory(value: unknown): value is ProblemFactory {
  return typeof value === 'function' && 'code' in value && 'definition' in value;
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
