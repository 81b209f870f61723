/** The servers of one DATABASE_URL, each as a connection string for one server. */
export interface DatabaseHosts {
  urls: readonly string[];
  /** Only a server that accepts writes may be used: one whose `transaction_read_only` is off. */
  must_write: boolean;
}

const SESSIONS = ['any', 'read-write', 'primary'];

/**
 * Parses a connection string, which may name several servers as libpq does: `postgres://user@a:5432,b:5433/name`.
 * `pg` reads one server only, so each gets a separate connection string.
 *
 * `target_session_attrs` is `any`, `read-write` or `primary`; with several servers the default is `read-write`.
 * @see https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-MULTIPLE-HOSTS
 */
export function parseDatabaseUrl(text: string): DatabaseHosts | { error: string } {
  const parts = /^(postgres(?:ql)?:\/\/)([^/?#]*)([^?#]*)(?:\?([^#]*))?$/.exec(text);
  if (!parts && /^[a-z][-+.a-z0-9]*:\/\//i.test(text))
    return { error: 'must start with postgres:// or postgresql://.' };
  // A socket, or another form that the driver supports.
  if (!parts) return { urls: [text], must_write: false };
  const [, scheme = '', authority = '', path = '', query = ''] = parts;
  const at = authority.lastIndexOf('@') + 1;
  const user = authority.slice(0, at);
  const hosts = authority.slice(at).split(',');
  const params = query.split('&').filter((param) => param !== '');
  const isTarget = (param: string) => param.startsWith('target_session_attrs=');
  const target = params.findLast(isTarget)?.split('=')[1];
  if (target !== undefined && !SESSIONS.includes(target))
    return { error: `target_session_attrs must be one of ${SESSIONS.join(', ')}.` };
  if (hosts.length > 1)
    for (const host of hosts)
      if (!/^(?:\[[0-9a-f:.]+\]|[^:[\]\s]+)(?::[0-9]{1,5})?$/i.test(host))
        return { error: `"${host}" is not a host with an optional port.` };
  const kept = params.filter((param) => !isTarget(param)).join('&');
  return {
    urls: hosts.map((host) => `${scheme}${user}${host}${path}${kept === '' ? '' : `?${kept}`}`),
    must_write: target === undefined ? hosts.length > 1 : target !== 'any',
  };
}
