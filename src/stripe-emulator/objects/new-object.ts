import { blankObject, type ShapeName } from '../shapes/index.ts';
import type { Context, StoredObject } from '../engine/index.ts';

/** Returns an object with every field of its kind: null where `fields` says nothing. It is not stored yet. */
export function newObject<T extends StoredObject>(
  ctx: Context,
  shape: ShapeName,
  prefix: string,
  fields: Omit<Partial<T>, 'id' | 'object'> & { readonly id?: string },
): T {
  const blank = blankObject(shape);
  const common: Record<string, unknown> = {};
  if ('created' in blank) common['created'] = ctx.world.now;
  if ('livemode' in blank) common['livemode'] = ctx.scope.livemode;
  if ('metadata' in blank) common['metadata'] = {};
  const id = fields.id ?? ctx.world.nextId(prefix, ctx.scope);
  const whole: unknown = { ...blank, ...common, ...fields, id };
  return whole as T; // the shape has every field of the kind; the fields that T names are given by the caller
}
