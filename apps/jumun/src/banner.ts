import type { Running } from '@jumun/service-kit';

export interface BannerFacts {
  running: readonly Running[];
  /** The data directory, where this process keeps one. */
  dataDir: string | undefined;
  seconds: number;
}

/** What runs where, and a first command. */
export function banner({ running, dataDir, seconds }: BannerFacts): string {
  const ports = running
    .toSorted((a, b) => a.port - b.port)
    .map(({ name, port }) => `  ${name.padEnd(15)} http://localhost:${port}`);
  const lines = [`jumun is ready (${seconds.toFixed(1)} s)`, '', ...ports, ''];
  if (dataDir !== undefined) lines.push(`  data and logs   ${dataDir}`, '');
  const product = running.find(({ name }) => name === 'product');
  if (product) {
    const url = `http://localhost:${product.port}/products`;
    lines.push(
      'Try:',
      `  curl ${url} -H 'content-type: application/json' -d '{"itemcd":"2","totalQuantity":"100"}'`,
      '',
    );
  }
  lines.push('Ctrl-C stops it.');
  return lines.join('\n');
}
