import {
  FromNode,
  PostgresDialect,
  PostgresQueryCompiler,
  SelectionNode,
  SelectModifierNode,
  type SelectQueryNode,
  type UpdateQueryNode,
} from 'kysely';

/**
 * Kysely's compiler for PostgreSQL with one difference: an update that sets no column locks and returns the matching
 * rows.
 *
 * Why: a partial update may be empty, and `update … set where …` is a syntax error. Every statement is compiled here,
 * so no store handles that case. The count of updated rows is then 0.
 */
export class TollgateDialect extends PostgresDialect {
  override createQueryCompiler(): PostgresQueryCompiler {
    return new EmptyUpdateCompiler();
  }
}

class EmptyUpdateCompiler extends PostgresQueryCompiler {
  protected override visitUpdateQuery(node: UpdateQueryNode): void {
    if ((node.updates ?? []).length === 0) this.visitSelectQuery(toSelect(node));
    else super.visitUpdateQuery(node);
  }
}

function toSelect({ table, from, joins, where, returning }: UpdateQueryNode): SelectQueryNode {
  if (!table || from || joins) throw new Error('an empty update of several tables');
  return {
    kind: 'SelectQueryNode',
    from: FromNode.create([table]),
    selections: returning?.selections ?? [SelectionNode.createSelectAll()],
    endModifiers: [SelectModifierNode.create('ForUpdate')],
    ...(where ? { where } : {}),
  };
}
