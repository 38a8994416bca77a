import Type from 'typebox';
import { describe, expect, it } from 'vitest';
import { coerceNumbers } from '../src/coerce.ts';

const schema = Type.Object({
  qty: Type.Integer(),
  maybe: Type.Optional(Type.Union([Type.Integer(), Type.Null()])),
  name: Type.String(),
  either: Type.Union([Type.String(), Type.Integer()]),
  flag: Type.Boolean(),
});
function coerced(value: unknown): unknown {
  coerceNumbers(value, schema);
  return value;
}

describe('numeric strings', () => {
  it('become numbers where an integer is wanted', () => {
    expect(coerced({ qty: '-3', maybe: ' 7 ' })).toEqual({ qty: -3, maybe: 7 });
  });

  it('stay what they are where text is wanted, or text will do', () => {
    expect(coerced({ name: '42', either: '42', flag: '1' })).toEqual({ name: '42', either: '42', flag: '1' });
  });

  it.each([
    '',
    ' ',
    '1e3',
    '0x10',
    '1,5',
    '1.5',
    '1.00000000000000000001',
    '1.',
    '.5',
    '+1',
    '1 2',
    'NaN',
    'Infinity',
    '٣',
    '1n',
  ])('are decimal digits and nothing else: not %j', text => {
    expect(coerced({ qty: text })).toEqual({ qty: text });
  });

  it.each([true, false, null, [1], ['1'], { a: '1' }])('are strings: %j is left alone', value => {
    expect(coerced({ qty: value })).toEqual({ qty: value });
  });

  it('that are fields nobody declared are left alone', () => {
    expect(coerced({ other: '1' })).toEqual({ other: '1' });
  });

  it.each([null, undefined, 'text', 5, [], ['1']])('are looked for in objects only: %j', value => {
    expect(coerced(value)).toEqual(value);
  });

  it('are left alone where there is no schema', () => {
    const value = { qty: '1' };
    coerceNumbers(value, undefined);
    expect(value).toEqual({ qty: '1' });
  });
});
