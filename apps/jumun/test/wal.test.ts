import { expect, it } from 'vitest';
import { walFiles } from '../src/postgres/backup/wal.ts';

const MIB = 1024 ** 2;

it('names the files of the log as PostgreSQL does (pg_walfile_name)', () => {
  expect(walFiles(1, '0/3000028', '0/306FAD0', 16 * MIB)).toEqual(['000000010000000000000003']);
  expect(walFiles(2, 'A/FE000028', 'B/1000100', 16 * MIB)).toEqual([
    '000000020000000A000000FE',
    '000000020000000A000000FF',
    '000000020000000B00000000',
    '000000020000000B00000001',
  ]);
  expect(walFiles(1, '1/FFF00000', '2/100001', MIB)).toEqual([
    '000000010000000100000FFF',
    '000000010000000200000000',
    '000000010000000200000001',
  ]);
});

it('leaves out the file that would begin just where the log ends', () => {
  expect(walFiles(1, '0/1000028', '0/2000000', 16 * MIB)).toEqual(['000000010000000000000001']);
});
