import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** This machine cannot run Kafka: the message says what is missing. */
export class NoKafkaError extends Error {}

/**
 * The version of the Java there is, `17.0.15` say.
 * @throws NoKafkaError where there is none, or one older than 17
 */
export async function javaVersion(): Promise<string> {
  const install = '(Debian: apt-get install default-jre-headless)';
  const { stderr } = await run('java', ['-version']).catch(() => {
    throw new NoKafkaError(`Java is missing ${install}`);
  });
  const [, version = ''] = /version "([^"]+)/.exec(stderr) ?? [];
  if (Number.parseInt(version, 10) >= 17) return version;
  throw new NoKafkaError(`Java ${version} is too old, Kafka needs 17 or newer ${install}`);
}

/** A Java process. */
export interface Java {
  readonly pid: number;
  /** Its exit code, once it has ended; above 128 where a signal ended it. */
  readonly ended: Promise<number>;
}

/**
 * The shell starts Java and kills it at the end of standard input, which is when the process at the other end has ended,
 * in whatever way. It says Java's pid and ends with Java's exit code.
 */
const KEEPER = `
  exec 3<&0 2>>"$1"
  shift
  "$@" 3<&- >&2 & java=$!
  (read -r _ <&3; kill -9 $java) >&2 & keeper=$!
  echo $java
  wait $java; code=$?
  kill $keeper
  exit $code`;

/** For processes that live for seconds, several of them on two cores: little compiling, one thread of the collector. */
const QUICK = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];

/**
 * Starts Java so that it does not outlive this process.
 * @param args options, the main class and its arguments
 * @param log the file that gets what it prints
 */
export async function startJava(args: string[], log: string): Promise<Java> {
  const shell = spawn('sh', ['-c', KEEPER, 'sh', log, 'java', ...QUICK, ...args], {
    stdio: ['pipe', 'pipe', 'ignore'],
    // In a group of its own, so that a Ctrl-C is for this process only.
    detached: true,
  });
  const ended = once(shell, 'exit').then(([code]) => Number(code));
  const [pid] = await once(shell.stdout, 'data');
  return { pid: Number(pid), ended };
}
