import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Program {
  child: ChildProcess;
  /** Everything written so far, both streams. */
  output(): string;
  /** Waits until the output matches; fails when the process ends or 60 s pass first. */
  waitFor(pattern: RegExp): Promise<RegExpExecArray>;
  /** Resolves with the exit status, or null after a signal. */
  exited: Promise<number | null>;
}

/** What a started program inherits: the path of the commands and the folder of compiled code that the tests share. */
const inherited = Object.fromEntries(
  ['PATH', 'NODE_COMPILE_CACHE'].flatMap((name) =>
    process.env[name] === undefined ? [] : [[name, process.env[name]]],
  ),
);

/** Starts the program, or another command of this repository, with this environment and `inherited` only. */
export function startProgram(
  args: readonly string[],
  environment: Record<string, string>,
  command = process.execPath,
): Program {
  const child = spawn(command, args, {
    cwd: root,
    env: { ...inherited, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (more: string) => {
      text += more;
    });
  const exited = once(child, 'close').then(([code]) => (typeof code === 'number' ? code : null));
  return {
    child,
    output: () => text,
    exited,
    async waitFor(pattern) {
      const deadline = performance.now() + 60_000;
      for (;;) {
        const found = pattern.exec(text);
        if (found) return found;
        assert.ok(child.exitCode === null && performance.now() < deadline, `in vain waited for ${pattern}:\n${text}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
  };
}
