import { DefaultQueryCompiler } from 'kysely';

let count = 0;
let is_watching = false;

/** Counts the statements that the query builder compiles while `work` runs. */
export async function countCompilations(work: () => Promise<unknown>): Promise<number> {
  watchCompiler();
  const before = count;
  await work();
  return count - before;
}

function watchCompiler(): void {
  if (is_watching) return;
  is_watching = true;
  const compile: unknown = Reflect.get(DefaultQueryCompiler.prototype, 'compileQuery');
  if (typeof compile !== 'function') throw new Error('the query compiler has no method compileQuery');
  Reflect.set(DefaultQueryCompiler.prototype, 'compileQuery', function compileQuery(this: object, ...args: unknown[]) {
    count += 1;
    const compiled: unknown = Reflect.apply(compile, this, args);
    return compiled;
  });
}
