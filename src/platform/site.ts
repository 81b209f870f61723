import type { ProfileId, SiteId } from './db/db-schema.ts';
import type { Db, Reader, Tx } from './db/database.ts';
import { defineFact, type FactReader } from './facts/facts.ts';
import { tag } from './facts/tag.ts';

/** Identity and gateway settings of a deployment. */
export interface Site {
  id: SiteId;
  slug: string;
  title: string;
  broker_id: ProfileId;
  entry_point: string | null;
  session_backend: 0 | 1 | 2;
  session_key_sealed: string | null;
  session_key_previous_sealed: string | null;
  session_key_rotated_at: Date | null;
  authentication: 'enabled' | 'login-only' | 'disabled';
  cors_restricted: boolean;
  welcome_email: boolean;
  /** Random name of this installation, which marks its objects at a payment processor. */
  installation: string;
  /** Increases with each change of the site or of its rules. */
  version: number;
}

export type SiteChange = Partial<Omit<Site, 'id' | 'slug' | 'version' | 'broker_id' | 'installation'>>;

/** Reads the site; undefined before the first set-up. */
export async function findSite(reader: Reader): Promise<Site | undefined> {
  const row = await reader.selectFrom('sites').selectAll().orderBy('id').limit(1).executeTakeFirst();
  if (!row || row.broker_id === null) return undefined;
  return { ...row, broker_id: row.broker_id, session_backend: parseBackend(row.session_backend) };
}

/** Inserts the site with its default settings. Throws on a second site with the same slug (unique constraint). */
export async function insertSite(
  tx: Tx,
  site: { slug: string; title: string; broker_id: ProfileId },
  at: Date,
): Promise<SiteId> {
  const { id } = await tx
    .insertInto('sites')
    .values({ ...site, created_at: at })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** Selects the site FOR UPDATE and returns its sealed session key: serializes changes of its rules and of its key. */
export async function lockSite(tx: Tx, site_id: SiteId): Promise<Pick<Site, 'session_key_sealed'>> {
  return tx
    .selectFrom('sites')
    .select('session_key_sealed')
    .where('id', '=', site_id)
    .forUpdate()
    .executeTakeFirstOrThrow();
}

/** Finds the sites that store a sealed session key, current or previous. */
export async function findSitesWithSessionKey(reader: Reader): Promise<SiteId[]> {
  const sites = await reader
    .selectFrom('sites')
    .select('id')
    .where((eb) => eb.or([eb('session_key_sealed', 'is not', null), eb('session_key_previous_sealed', 'is not', null)]))
    .execute();
  return sites.map(({ id }) => id);
}

/** Updates the site and increments its version: what was computed from the site or its rules is computed again. */
export async function updateSite(tx: Tx, site_id: SiteId, change: SiteChange): Promise<void> {
  await tx
    .updateTable('sites')
    .set((eb) => ({ ...change, version: eb('version', '+', 1) }))
    .where('id', '=', site_id)
    .execute();
}

/** Increments the version after a change of the site's rules. */
export async function touchSite(tx: Tx, site_id: SiteId): Promise<void> {
  await updateSite(tx, site_id, {});
}

const siteFact = defineFact<Site>('site');

/** The site, from memory when it did not change. */
export interface SiteSource {
  get(): Promise<Site>;
  /** Undefined when the site is not in memory. */
  peek(): Site | undefined;
}

export function makeSiteSource(facts: FactReader, db: Db): SiteSource {
  const load = async () => {
    const value = await findSite(db);
    return value && { value, tags: [tag('site')] };
  };
  return {
    peek: () => facts.peek(siteFact, ''),
    async get() {
      const site = await facts.get(siteFact, '', load);
      if (!site) throw new Error('the database holds no site: run the set-up first');
      return site;
    },
  };
}

function parseBackend(value: number): 0 | 1 | 2 {
  if (value === 0 || value === 1) return value;
  return 2;
}
