import { services } from '@jumun/contracts';
import { openEmbedded } from '../embedded.ts';
import { existingDataDirectory } from '../operator.ts';
import { fromHere } from '../options.ts';
import { backUp } from '../postgres/backup/back-up.ts';
import { megabytes } from '../postgres/backup/copy.ts';
import { totalBytes } from '../postgres/backup/manifest.ts';
import { ensurePostgres } from '../postgres/index.ts';
import { say } from './output.ts';
import { untilSignal } from './until-signal.ts';
import { UsageError } from './usage-error.ts';

/** `jumun backup`: copies the data directory while it is used, or starts its PostgreSQL for that. */
export async function backup([to, ...rest]: string[], data: string | undefined): Promise<void> {
  if (!to || rest.length > 0) throw new UsageError('backup takes one directory');
  const dataDir = await existingDataDirectory(data);
  const begun = performance.now();
  const manifest = await untilSignal('the backup', async signal => {
    // Holds the server, so that whoever ends meanwhile does not stop it.
    const embedded = await openEmbedded({ dataDir, services, run: [] });
    try {
      const server = await ensurePostgres(dataDir);
      return await backUp({ server, dataDir, to: fromHere(to), signal, say });
    } finally {
      await embedded.release();
    }
  });
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  say(
    `backed up ${megabytes(totalBytes(manifest.files))} in ${manifest.files.length} files in ${seconds} s, as of ${manifest.pointInTime} (${manifest.stopLsn})`,
  );
}
