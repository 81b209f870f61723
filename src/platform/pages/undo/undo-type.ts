import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Context } from '../../context.ts';
import type { Tx } from '../../db/database.ts';
import type { Access, Subject } from '../../http/guards/access.ts';

/** Result of an undo: the message, and the page on which it is shown. */
export interface Undone {
  readonly text: string;
  readonly location: string;
}

/** A kind of change that can be undone, and how. Money never moves here. */
export interface UndoType<Inverse extends object> {
  /** Permanent: stored with the entries. */
  readonly kind: string;
  /** Callers that may undo: those of the route of the change. */
  readonly access: Access;
  /** Parameters of the path that `access` reads. */
  params(inverse: Inverse): Readonly<Record<string, string>>;
  /**
   * Reverses the change in the transaction that uses up the entry. Checks everything that may have changed since.
   * @throws undo_refused (409)
   */
  undo(ctx: Context, tx: Tx, inverse: Inverse, subject: Subject): Promise<Undone>;
  /** Parses a stored inverse. @throws Error when it does not fit the schema: a bug */
  parse(stored: unknown): Inverse;
}

/** A kind of any inverse, as rooms list them. */
export interface AnyUndoType extends Pick<UndoType<object>, 'kind' | 'access'> {
  params(inverse: never): Readonly<Record<string, string>>;
  undo(ctx: Context, tx: Tx, inverse: never, subject: Subject): Promise<Undone>;
  parse(stored: unknown): object;
}

/** Defines a kind of change that can be undone; the room lists it in `undo_types`. */
export function defineUndo<Schema extends TSchema>(
  schema: Schema,
  type: Omit<UndoType<Static<Schema> & object>, 'parse'>,
): UndoType<Static<Schema> & object> {
  const validator = Compile(schema);
  return {
    ...type,
    parse(stored) {
      if (validator.Check(stored)) return stored;
      throw new Error(`an inverse of ${type.kind} does not fit its schema`);
    },
  };
}
