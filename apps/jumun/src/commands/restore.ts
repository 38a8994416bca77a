import { dataDirectory, fromHere } from '../options.ts';
import { megabytes } from '../postgres/backup/copy.ts';
import { totalBytes } from '../postgres/backup/manifest.ts';
import { restore as restoreTo } from '../postgres/backup/restore.ts';
import { say } from './output.ts';
import { untilSignal } from './until-signal.ts';
import { UsageError } from './usage-error.ts';

/** `jumun restore`: makes a data directory from a backup. */
export async function restore([from, ...rest]: string[], data: string | undefined): Promise<void> {
  if (!from || rest.length > 0) throw new UsageError('restore takes one directory');
  const dataDir = dataDirectory(data);
  const begun = performance.now();
  const manifest = await untilSignal('the restore', signal =>
    restoreTo({ from: fromHere(from), dataDir, signal, say }),
  );
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  say(
    `restored ${megabytes(totalBytes(manifest.files))} in ${seconds} s, as of ${manifest.pointInTime}; to start it: npm start -- --data ${dataDir}`,
  );
}
