interface Schema {
  type?: string | string[];
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
}

const takes = (schema: Schema, type: string): boolean =>
  schema.type === type ||
  (Array.isArray(schema.type) && schema.type.includes(type)) ||
  (schema.anyOf?.some(branch => takes(branch, type)) ?? false);

/**
 * Turns numeric strings into numbers where a schema wants a number, and nothing else: HTTPie's `orderQty="1"` is
 * `{"orderQty":"1"}`. Changes `value` in place. (Ajv's own coercion would also take true for 1 and null for 0.)
 */
export function coerceNumbers(value: unknown, schema: unknown): void {
  const fields = (schema as Schema | undefined)?.properties;
  if (!fields || typeof value !== 'object' || value === null) return;
  const record = value as Record<string, unknown>;
  for (const [key, field] of Object.entries(fields)) {
    const given = record[key];
    if (typeof given !== 'string' || takes(field, 'string')) continue;
    // A fraction is no integer, however near to one it would be rounded.
    if (takes(field, 'integer') && /^-?\d{1,30}$/.test(given.trim())) record[key] = Number(given);
  }
}
