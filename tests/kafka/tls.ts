import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A broker's key, and the certificate by which clients know it. */
export interface Certificate {
  /** PKCS #12 with key and certificate. */
  keystore: string;
  password: string;
  /** The certificate alone, PEM. */
  ca: string;
}

/** Makes a certificate for 127.0.0.1 and localhost that signs itself; needs only the keytool that comes with Java. */
export async function makeCertificate(directory: string): Promise<Certificate> {
  const keystore = join(directory, 'broker.p12');
  const ca = join(directory, 'ca.pem');
  const password = 'a-password-for-tests-only';
  const store = ['-alias', 'broker', '-keystore', keystore, '-storetype', 'PKCS12', '-storepass', password];
  const subject = [
    '-dname',
    'CN=localhost',
    '-ext',
    'san=ip:127.0.0.1,dns:localhost',
    '-ext',
    'bc:critical=ca:true',
  ];
  await run('keytool', [
    '-genkeypair',
    '-keyalg',
    'EC',
    '-groupname',
    'secp256r1',
    '-validity',
    '30',
    ...subject,
    ...store,
  ]);
  const { stdout } = await run('keytool', ['-exportcert', '-rfc', ...store]);
  await writeFile(ca, stdout);
  return { keystore, password, ca };
}
