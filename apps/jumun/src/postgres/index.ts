export { ADMIN_APPLICATION, otherClients } from './admin.ts';
export { ensureDatabases } from './databases.ts';
export { type EmbeddedPostgres, type EnsureOptions, ensurePostgres } from './ensure.ts';
export { DataDirectoryError, PostgresError } from './errors.ts';
export { readSecrets, rolePassword, type Secrets } from './secrets.ts';
