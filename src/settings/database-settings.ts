import type { Setting } from './setting.ts';

/** Settings of the database and of the master key. */
export const databaseSettings = {
  database_url: {
    name: 'DATABASE_URL',
    kind: 'secret',
    default: null,
    description:
      'PostgreSQL 15 or newer, as postgres://user@host:port/name; several hosts are separated by commas, and the one that accepts writes is used. Without it an embedded database in DATA_FOLDER.',
  },
  database_connections_max: {
    name: 'DATABASE_CONNECTIONS_MAX',
    kind: 'integer',
    default: '10',
    min: 2,
    max: 500,
    description:
      'Connections in the pool of one process. It opens two more for reads of one object and two for counts of attempts.',
  },
  database_statement_ms_max: {
    name: 'DATABASE_STATEMENT_MS_MAX',
    kind: 'integer',
    default: '10000',
    min: 1000,
    max: 600_000,
    description:
      'How long one statement may take on the database server, including waits for locks. The client gives up one second later and closes the connection.',
  },
  data_folder: {
    name: 'DATA_FOLDER',
    kind: 'string',
    default: 'data',
    description: 'Folder of the embedded database and of the generated secret key.',
  },
  secret_key: {
    name: 'SECRET_KEY',
    kind: 'secret',
    default: null,
    description:
      'At least 32 characters; signs sessions and seals secrets at rest. Generated and stored in DATA_FOLDER when there is no DATABASE_URL; required otherwise.',
  },
} satisfies Record<string, Setting>;

export interface DatabaseConfig {
  database_url: string | null;
  database_connections_max: number;
  database_statement_ms_max: number;
  data_folder: string;
  secret_key: string | null;
}
