/** Every status by which lists of roles can be filtered. */
export const role_statuses = ['active', 'invited', 'requested'] as const;
export type RoleStatus = (typeof role_statuses)[number];

/**
 * Parses `role_status=active,invited,…`. Unknown words are ignored; without a known word the result is `allowed`.
 * The result never contains a status outside `allowed`.
 */
export function parseRoleStatus(
  text: string | undefined,
  allowed: readonly RoleStatus[] = role_statuses,
): readonly RoleStatus[] {
  const words = (text ?? '').split(',').map((word) => word.trim());
  const named = role_statuses.filter((status) => words.includes(status));
  return named.length === 0 ? allowed : named.filter((status) => allowed.includes(status));
}
