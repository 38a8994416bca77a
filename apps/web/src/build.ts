import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const ROOT = join(import.meta.dirname, '..');
const BUILDS = join(ROOT, 'dist');
/** What the client is built from. */
const SOURCES = ['package.json', 'vite.config.ts', 'client', '../../packages/contracts/src'];
const COMPRESSIBLE = /\.(js|css|svg)$/;
const KEPT_MS = 24 * 3_600_000;
const SAID_LINES = 15;

/**
 * The folder of the built client, for the sources as they are. It is built where it is not there yet, in a process of its
 * own, and that takes some seconds. Several processes may want it at once.
 * @throws Error with the builder's last lines where it cannot be built
 */
export async function ensureClient(): Promise<string> {
  const folder = join(BUILDS, await fingerprint());
  if (existsSync(folder)) await utimes(folder, new Date(), new Date()).catch(() => undefined);
  else await build(folder);
  return folder;
}

async function fingerprint(): Promise<string> {
  const hash = createHash('sha256');
  for (const source of SOURCES) {
    for (const file of await filesIn(join(ROOT, source)))
      hash.update(`${file.slice(ROOT.length)}\0`).update(await readFile(file));
  }
  return hash.digest('hex').slice(0, 16);
}

/** The files in a folder, at any depth, in order; a file is its own. */
async function filesIn(path: string): Promise<string[]> {
  if ((await stat(path)).isFile()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .sort();
}

/** Builds beside, and puts it in its place whole. */
async function build(folder: string): Promise<void> {
  const made = join(BUILDS, `.${randomUUID()}`);
  try {
    await mkdir(made, { recursive: true });
    await runVite(made);
    await compress(made);
    await rename(made, folder);
  } catch (error) {
    await rm(made, { recursive: true, force: true });
    // Another process was faster.
    if (!existsSync(folder)) throw error;
  }
  await forgetOld();
}

async function runVite(outDir: string): Promise<void> {
  const vite = join(dirname(createRequire(import.meta.url).resolve('vite/package.json')), 'bin/vite.js');
  const args = [vite, 'build', '--config', 'vite.config.ts', '--outDir', outDir, '--emptyOutDir'];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', text => (said += text));
  const [code] = await once(child, 'close');
  if (code === 0) return;
  const lines = said.trimEnd().split('\n').slice(-SAID_LINES).join('\n');
  throw new Error(`the web's client cannot be built:\n${lines}`);
}

/** Puts a compressed form beside each file that gets smaller by it. */
async function compress(folder: string): Promise<void> {
  const files = (await filesIn(folder)).filter(file => COMPRESSIBLE.test(file));
  await Promise.all(
    files.map(async file => {
      const text = await readFile(file);
      const params = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: text.length };
      await writeFile(`${file}.br`, await promisify(brotliCompress)(text, { params }));
      await writeFile(`${file}.gz`, await promisify(gzip)(text, { level: 9 }));
    }),
  );
}

/** Removes builds of earlier sources that no process has begun to use for a day. */
async function forgetOld(): Promise<void> {
  for (const name of await readdir(BUILDS)) {
    const path = join(BUILDS, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > KEPT_MS) await rm(path, { recursive: true, force: true });
  }
}
