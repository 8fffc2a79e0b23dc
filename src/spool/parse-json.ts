import { z } from 'zod';
import { type Redacted } from '../domain/ids.js';
import { redact } from '../redact.js';

type ParsedJson<T> =
  | { readonly kind: 'parsed'; readonly value: T }
  | { readonly kind: 'unreadable'; readonly reason: Redacted };

/** Text from the disk to a domain type. Never throws for what the text says: a broken file is a value, to be put out of the way. */
export function parseJson<T>(text: string, schema: z.ZodType<T, unknown>): ParsedJson<T> {
  try {
    return { kind: 'parsed', value: schema.parse(JSON.parse(text)) };
  } catch (error) {
    if (error instanceof z.ZodError) return { kind: 'unreadable', reason: redact(z.prettifyError(error)) };
    if (error instanceof Error) return { kind: 'unreadable', reason: redact(`${error.name}: ${error.message}`) };
    throw error;
  }
}
