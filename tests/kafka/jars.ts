import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { NoKafkaError } from './java.ts';

const run = promisify(execFile);

/** A jar is not the one whose checksum is written down: no reason to skip anything, but one to look. */
export class ChecksumError extends Error {}

/**
 * The folder that holds the jars of a recipe and no others. Lets Maven fetch them where they are not there yet; several
 * processes may do so at once.
 * @param cache keeps the jars of each version
 * @param recipe has pom.xml, which names a version of Kafka or of Spring Boot, and jars.sha256, as sha256sum writes it
 * @throws NoKafkaError when Maven is missing or cannot get them
 * @throws ChecksumError naming the jar that is not what it was
 */
export async function kafkaJars(
  cache = join(import.meta.dirname, '../../.kafka'),
  recipe = import.meta.dirname,
): Promise<string> {
  const pom = join(recipe, 'pom.xml');
  const [, version = ''] =
    /(?:kafka_[\d.]+|spring-boot-dependencies)<\/artifactId>\s*<version>([^<]+)/.exec(
      await readFile(pom, 'utf8'),
    ) ?? [];
  const sums = await readFile(join(recipe, 'jars.sha256'), 'utf8');
  const pinned = new Map(
    Array.from(sums.matchAll(/^(\S+) {2}(.+)$/gm), ([, sum = '', jar = '']) => [jar, sum]),
  );

  const place = join(cache, version);
  const jars = join(place, 'jars');
  if (!(await flaw(jars, pinned))) return jars;

  await mkdir(cache, { recursive: true });
  const attempt = await mkdtemp(join(cache, 'resolving-'));
  try {
    const fresh = join(attempt, version);
    await copyDependencies(pom, join(fresh, 'jars'));
    const found = await flaw(join(fresh, 'jars'), pinned);
    if (found) throw new ChecksumError(`Maven gives other jars than jars.sha256 names: ${found}`);
    // What is there is not whole, or by now what another process has put there, which is as good.
    await rename(place, join(attempt, 'replaced')).catch(unlessMissing);
    await rename(fresh, place).catch(async error => {
      if (await flaw(jars, pinned)) throw error;
    });
    return jars;
  } finally {
    await rm(attempt, { recursive: true, force: true });
  }
}

/**
 * What keeps a folder from being whole, if anything.
 * @param pinned the name of a jar → its SHA-256, in hexadecimal
 * @throws ChecksumError naming the jar that is not what it was
 */
async function flaw(folder: string, pinned: ReadonlyMap<string, string>): Promise<string | undefined> {
  const present = await readdir(folder).catch(unlessMissing);
  if (!present) return 'there are none';
  for (const jar of present) {
    const sum = pinned.get(jar);
    if (!sum) return `${jar} is not one of them`;
    const bytes = await readFile(join(folder, jar));
    const found = createHash('sha256').update(bytes).digest('hex');
    if (found !== sum)
      throw new ChecksumError(
        `${jar} in ${folder} has the SHA-256 ${found}, but ${sum} is written down for it`,
      );
  }
  const missing = [...pinned.keys()].find(jar => !present.includes(jar));
  return missing && `${missing} is missing`;
}

async function copyDependencies(pom: string, folder: string): Promise<void> {
  const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${folder}`];
  try {
    await run('mvn', ['--quiet', '--batch-mode', '--file', pom, ...goal]);
  } catch (error) {
    const { code, stdout = '', message } = error as NodeJS.ErrnoException & { stdout?: string };
    if (code === 'ENOENT') throw new NoKafkaError('Maven is missing (Debian: apt-get install maven)');
    const [reason = message] = stdout.match(/(?<=\[ERROR\] ).+/) ?? [];
    throw new NoKafkaError(`Maven cannot get the jars: ${reason}`);
  }
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
