import type { Context } from './context.ts';
import type { Scope, StoredObject } from './stored-object.ts';
import { scopeName, scopeOf, type World } from './world.ts';

/** Work that is due at an instant of the clock. */
export interface DueRow extends StoredObject {
  readonly at_ms: number;
  readonly order: number;
  readonly task: string;
  readonly scope: string;
  readonly args: Readonly<Record<string, string>>;
}

/** Plans a task of a kind in `delay_s` seconds. */
export function planTask(ctx: Context, task: string, delay_s: number, args: Readonly<Record<string, string>>): void {
  planAt(ctx.world, ctx.scope, task, ctx.world.time_ms + delay_s * 1000, args);
}

/** Plans a task at an instant in milliseconds. */
function planAt(world: World, scope: Scope, task: string, at_ms: number, args: Readonly<Record<string, string>>): void {
  const order = world.nextCount('_due');
  const row: DueRow = { id: `_due:${order}`, object: '_due', at_ms, order, task, scope: scopeName(scope), args };
  world.keep(row);
}

/** Runs one planned task at its instant. Its changes are committed by the caller. */
export function runDue(ctx: Omit<Context, 'scope' | 'request'>, row: DueRow): void {
  ctx.world.remove(row.id);
  ctx.world.time_ms = Math.max(ctx.world.time_ms, row.at_ms);
  for (const kind of ctx.kinds.values()) {
    const task = kind.tasks?.[row.task];
    if (task) return task({ ...ctx, scope: scopeOf(row.scope), request: null }, row.args);
  }
  throw new Error(`no kind has the task ${row.task}`);
}
