import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { messages as en } from '../client/i18n/en/index.ts';
import { messages as ko } from '../client/i18n/ko/index.ts';

type Texts = { [key: string]: string | Texts };

/** All texts of a catalogue, by their keys. */
function flat(texts: Texts, prefix = ''): Map<string, string> {
  return new Map(
    Object.entries(texts).flatMap(([key, value]) =>
      typeof value === 'string' ? [[prefix + key, value] as const] : [...flat(value, `${prefix}${key}.`)],
    ),
  );
}
const korean = flat(ko);
const english = flat(en);
/** The names that a text is given values for. */
const values = (text: string | undefined) =>
  [...(text ?? '').matchAll(/\{(\w+)[,}]/g)].map(([, name]) => name).toSorted();

describe('the catalogues', () => {
  it('have the same keys', () => {
    expect([...english.keys()].sort()).toEqual([...korean.keys()].sort());
    expect(korean.size).toBeGreaterThan(100);
  });

  it.each([...korean.keys()])('say %s in both languages, of the same things', key => {
    expect(korean.get(key)).toMatch(/\S/);
    expect(english.get(key)).toMatch(/\S/);
    expect(new Set(values(english.get(key)))).toEqual(new Set(values(korean.get(key))));
  });

  it('are Korean and English', () => {
    const hangul = /[가-힣]/;
    expect([...english].filter(([, text]) => hangul.test(text))).toEqual([]);
    expect([...korean].filter(([, text]) => !hangul.test(text.replace(/\{[^}]*\}/g, '')))).toEqual([]);
  });
});

describe('the pages', async () => {
  const root = join(import.meta.dirname, '../client');
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const sources = new Map<string, string>();
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    if (/\.tsx?$/.test(path) && !/\/(i18n|schema)\//.test(path))
      sources.set(path, await readFile(path, 'utf8'));
  }

  it('use every text', () => {
    // A key is used by its last word, in the scope that `useTranslations` names or in a template.
    const all = [...sources.values()].join('\n');
    const unused = [...korean.keys()].filter(key => {
      const [word = ''] = key.split('.').slice(-1);
      const scope = key.split('.').slice(0, -1).join('.');
      const isUsed = new RegExp(`['"\`.]${word.replace('.', '\\.')}['"\`]`).test(all);
      return !isUsed && !dynamic.some(prefix => scope === prefix);
    });
    expect(unused).toEqual([]);
  });

  it('have no text of their own', () => {
    const found = [...sources].flatMap(([path, text]) =>
      [...text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '').matchAll(/[가-힣]+|>\s*([A-Z][a-z]+ [a-z]+[^<{]*)</g)]
        .map(([words]) => words)
        .filter(words => !named.includes(words))
        .map(words => `${path.slice(root.length)}: ${words}`),
    );
    expect(found).toEqual([]);
  });
});

/** Texts whose last word is a value. */
const dynamic = ['problems', 'common.status', 'common.live', 'shop.order.steps'];
/** Languages have the names that they have for themselves. */
const named = ['한국어'];
